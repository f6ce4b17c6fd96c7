/** Clients that use fetch must work alike over undici's Agent and over ours, down to the server's counts. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../../support/agents.ts'
import { bigText } from '../../support/client-site.ts'
import { compared, failureOf, same } from '../../support/compared.ts'
import type { Account, Ground } from '../../support/compared.ts'
import { fetchClients } from '../../support/fetch-clients.ts'
import type { FetchClient } from '../../support/fetch-clients.ts'
import { protocols } from '../../support/protocols.ts'
import type { Protocol } from '../../support/protocols.ts'
import { until } from '../../support/wait.ts'

const table = Object.entries(fetchClients).flatMap(([name, make]) =>
  protocols.map((protocol) => ({ name, make, protocol })),
)
const get = { method: 'GET' } as const
const bigHash = createHash('sha256').update(bigText).digest('hex')

describe.runIf(agentKind === 'dodici').each(table)('$name over $protocol', ({ make, protocol }) => {
  // What the client cannot do is absent.
  const able = make({ origin: '' } as Ground)
  const alike = (scenario: (client: FetchClient, ground: Ground) => unknown): Promise<Account> =>
    same(protocol, (ground) => scenario(make(ground), ground))

  it('gets JSON, three times on one connection', async () => {
    const { seen, requests, connections } = await alike(async ({ send }) => [
      await send({ ...get, path: '/a?b=%C3%BC' }),
      await send({ ...get, path: '/c' }),
      await send({ ...get, path: '/json' }),
    ])
    expect(seen).toMatchObject([
      { status: 200, text: '{"method":"GET","url":"/a?b=%C3%BC"}' },
      {},
      {},
    ])
    expect([requests.length, connections]).toEqual([3, 1])
  })

  it('posts JSON, and a form with a file', async () => {
    const { seen, requests } = await alike(async ({ send }, { FormData }) => {
      const form = new FormData()
      form.append('name', 'grüße')
      form.append('file', new File(['x'.repeat(100_000)], 'ä.txt', { type: 'text/plain' }))
      const { status, text } = await send({ method: 'PUT', path: '/echo', form })
      return [
        await send({ method: 'POST', path: '/echo', json: { a: ['ü', 1] } }),
        [status, text.replaceAll(/-{2,}[\w-]*\d{9,}/g, 'boundary')],
      ]
    })
    expect(requests.length).toBe(2)
    expect(JSON.stringify(seen)).toContain('grüße')
  })

  it('follows redirects, with and without a body, and decodes gzip', async () => {
    const { seen, requests } = await alike(async ({ send }) => [
      await send({ ...get, path: '/moved' }),
      await send({ method: 'POST', path: '/moved-with-body', json: { a: 1 } }),
      await send({ ...get, path: '/gzip' }),
    ])
    expect(seen).toMatchObject([{ text: '{"method":"GET","url":"/json"}' }, {}, { text: bigText }])
    expect(requests.length).toBe(5)
  })

  it('streams a megabyte', async () => {
    const { seen } = await alike(async ({ stream }) => {
      const hash = createHash('sha256')
      for await (const chunk of await stream('/big')) hash.update(chunk)
      return hash.digest('hex')
    })
    expect(seen).toBe(bigHash)
  })

  it.runIf(able.upload)('uploads a stream', async () => {
    const pieces = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(i * 100)}\n`)
    const { seen, requests } = await alike(({ upload }) => {
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (const piece of pieces) {
          yield Buffer.from(piece)
          await new Promise(setImmediate)
        }
      }
      return upload?.('/echo', ReadableStream.from(source()))
    })
    expect(requests.length).toBe(1)
    expect(seen).toEqual({ status: 200, text: pieces.join('') })
  })

  it('sends fifty at a time, each gets its own', async () => {
    const { seen, requests } = await alike(({ send }) =>
      Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const { text } = await send({ method: 'POST', path: `/echo?${i}`, json: { i } })
          return text
        }),
      ),
    )
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `{"i":${i}}`))
    expect(requests.length).toBe(50)
  })

  it.runIf(able.retry)('tries again when the server is busy', async () => {
    const { requests } = await alike(({ retry }) => retry?.('/flaky?2'))
    expect(requests.length).toBe(3)
    await alike(({ retry }) => retry && failureOf(retry('/flaky?5')))
  })

  it('reports what is missing, who refuses and who hangs up', async () => {
    await alike(({ send }) => failureOf(send({ ...get, path: '/missing' })))
    // What a stream's reset is over HTTP/2 differs (COMPATIBILITY.md).
    if (protocol !== 'HTTP/2') await alike(({ send }) => failureOf(send({ ...get, path: '/cut' })))
    await alike(({ send }) => failureOf(send({ method: 'POST', path: '/reset', json: { a: 1 } })))
    await alike((_client, ground) =>
      failureOf(make({ ...ground, origin: 'http://127.0.0.1:2' }).send({ ...get, path: '/' })),
    )
  })

  it('aborts, before the head and within the body, and the server learns it', async () => {
    for (const path of ['/silent', '/stall']) {
      const { left } = await alike(async ({ send }, { site, heads }) => {
        const abort = new AbortController()
        const sent = failureOf(send({ ...get, path, signal: abort.signal }))
        await until('the server has it', () => site.begun.length === 1)
        if (path === '/stall') await until('the head is there', () => heads() === 1)
        abort.abort()
        const failure = await sent
        await until('the server knows', () => site.left.length === 1)
        return failure
      })
      expect(left).toEqual([path])
    }
  })

  it.runIf(able.hasty)('gives up in time', async () => {
    const { left } = await alike(async ({ send, hasty }, { site }) => {
      // Over a new connection the time might be over before the server has the request.
      await failureOf(send({ ...get, path: '/missing' }))
      const failure = hasty && (await failureOf(hasty('/silent')))
      await until('the server knows', () => site.left.length === 1)
      return failure
    })
    expect(left).toEqual(['/silent'])
  })
})

/** Shows that the comparison can fail. */
it.runIf(agentKind === 'dodici')('accounts of different requests differ', async () => {
  const protocol: Protocol = 'HTTP/1.1'
  const { undici, dodici } = await compared(protocol, ({ kind, fetch, origin }) =>
    fetch(`${origin}/${kind}`).then((response) => response.text()),
  )
  expect(dodici).not.toEqual(undici)
})
