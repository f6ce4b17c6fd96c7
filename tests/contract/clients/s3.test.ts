/**
 * @aws-sdk/client-s3 with its fetch handler, and a server that imitates S3: it must work alike over undici's Agent and
 * over ours.
 */
import { createHash } from 'node:crypto'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { FetchHttpHandler } from '@smithy/fetch-http-handler'
import { Dispatcher1Wrapper } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../../support/agents.ts'
import { bigText } from '../../support/client-site.ts'
import type { Answer } from '../../support/client-site.ts'
import { failureOf, same } from '../../support/compared.ts'
import type { Account, Ground } from '../../support/compared.ts'
import { protocols } from '../../support/protocols.ts'
import { until } from '../../support/wait.ts'

const Bucket = 'bucket'
const failure = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}!</Message></Error>`

const answer: Answer = ({ begun }, request, response, body) => {
  const { method = '', url = '' } = request
  const key = url.split('?')[0]?.replace(`/${Bucket}/`, '')
  response.setHeader('x-amz-request-id', 'id')
  if (key === 'silent') return
  if (key === 'slow' && begun.length < 3) {
    response.writeHead(503, { 'content-type': 'application/xml' }).end(failure('SlowDown'))
  } else if (key === 'missing') {
    response.statusCode = 404
    response.setHeader('content-type', 'application/xml')
    response.end(method === 'HEAD' ? undefined : failure('NoSuchKey'))
  } else if (method === 'DELETE') {
    response.writeHead(204).end()
  } else if (method === 'PUT') {
    const etag = createHash('md5').update(body).digest('hex')
    response.writeHead(200, { etag: `"${etag}"` }).end()
  } else if (url.includes('list-type=2')) {
    const contents = ['a', 'ü&'].map((name) => {
      const escaped = name.replace('&', '&amp;')
      return `<Contents><Key>${escaped}</Key><Size>3</Size></Contents>`
    })
    response.setHeader('content-type', 'application/xml')
    response.end(
      `<?xml version="1.0"?><ListBucketResult><Name>${Bucket}</Name>${contents.join('')}</ListBucketResult>`,
    )
  } else {
    response.setHeader('etag', '"e"')
    response.end(key === 'big' ? bigText : key)
  }
}

// The handler makes Requests of Node's own class.
const ofNode = protocols.filter((protocol) => protocol !== 'HTTP/2')

describe.runIf(agentKind === 'dodici').each(ofNode)('@aws-sdk/client-s3 over %s', (protocol) => {
  const alike = (scenario: (client: S3Client, ground: Ground) => unknown): Promise<Account> =>
    same(
      protocol,
      async (ground) => {
        const { kind, agent, origin } = ground
        const dispatcher = kind === 'dodici' ? agent : new Dispatcher1Wrapper(agent)
        const client = new S3Client({
          endpoint: origin,
          region: 'here',
          forcePathStyle: true,
          credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
          maxAttempts: 3,
          requestHandler: new FetchHttpHandler({
            requestInit: () => ({ dispatcher }) as object,
          }),
        })
        try {
          return await scenario(client, ground)
        } finally {
          client.destroy()
        }
      },
      answer,
    )

  it('puts, lists, gets and deletes', async () => {
    const { seen, requests } = await alike(async (client) => {
      const put = await client.send(
        new PutObjectCommand({ Bucket, Key: 'a/ü &', Body: 'content', Metadata: { mine: 'x' } }),
      )
      const bytes = await client.send(
        new PutObjectCommand({ Bucket, Key: 'bytes', Body: Buffer.alloc(300_000, 'ab') }),
      )
      const listed = await client.send(new ListObjectsV2Command({ Bucket }))
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'big' }))
      const text = await got.Body?.transformToString()
      const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
      return [
        put.ETag,
        bytes.ETag,
        listed.Contents?.map(({ Key, Size }) => [Key, Size]),
        text === bigText,
        deleted.$metadata.httpStatusCode,
      ]
    })
    expect((seen as unknown[]).slice(2)).toEqual([
      [
        ['a', 3],
        ['ü&', 3],
      ],
      true,
      204,
    ])
    expect(requests.length).toBe(5)
  })

  it('tries again upon SlowDown, and reports what is missing and who refuses', async () => {
    const tried = await alike(async (client) => {
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'slow' }))
      return [got.$metadata.attempts, await got.Body?.transformToString()]
    })
    expect([tried.seen, tried.requests.length]).toEqual([[3, 'slow'], 3])
    await alike(async (client) => [
      await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'missing' }))),
      await failureOf(client.send(new HeadObjectCommand({ Bucket, Key: 'missing' }))),
    ])
    await alike((client) => {
      client.config.endpoint = () =>
        Promise.resolve({ protocol: 'http:', hostname: '127.0.0.1', port: 2, path: '/' })
      return failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'a' })))
    })
  })

  it('aborts, and gets fifty at a time', async () => {
    await alike(async (client, { site }) => {
      const abort = new AbortController()
      const got = failureOf(
        client.send(new GetObjectCommand({ Bucket, Key: 'silent' }), { abortSignal: abort.signal }),
      )
      await until('the server has it', () => site.begun.length === 1)
      abort.abort()
      const aborted = await got
      await until('the server knows', () => site.left.length === 1)
      return aborted
    })
    const { seen } = await alike((client) =>
      Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const got = await client.send(new GetObjectCommand({ Bucket, Key: `k${i}` }))
          return got.Body?.transformToString()
        }),
      ),
    )
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `k${i}`))
  })
})
