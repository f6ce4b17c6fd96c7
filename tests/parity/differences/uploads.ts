/** Differences of requests' bodies: which ones are accepted, when their source is read, and how they are announced. */
import { Readable } from 'node:stream'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, told } from './support.ts'

type Body = NonNullable<RequestOptions['body']>

async function accepted(stage: Stage, body: unknown): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const options = { origin: server.origin, method: 'POST', body: body as never }
  const { error, text } = await exchange(await stage.agent(), options)
  return error ? told(error) : text
}

/** The order in which two GETs arrive on one connection, of which the first has a slow source. */
async function overtaken(stage: Stage): Promise<Normal> {
  const paths: string[] = []
  const server = await stage.http1((request, response) => {
    paths.push(request.url ?? '')
    request.resume().on('end', () => response.end())
  })
  const agent = await stage.agent({ connections: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const body = (async function* (): AsyncGenerator<string> {
    await promise
    yield 'late'
  })() as never
  const { origin } = server
  const both = [
    dispatch(agent, { origin, path: '/a', body }),
    dispatch(agent, { origin, path: '/b' }),
  ]
  await happens(() => paths.length > 0)
  resolve()
  for (const { done } of both) await done
  return paths
}

/** How a body is announced that is sent on a new connection. */
async function framing(stage: Stage, body: () => Body): Promise<Normal> {
  let head = ''
  const server = await stage.raw(async (peer) => {
    head = (await peer.request()).head
    peer.respond()
  })
  await exchange(await stage.agent(), { origin: server.origin, method: 'POST', body: body() })
  return /^(?:content-length|transfer-encoding): .*$/im.exec(head)?.[0] ?? 'none'
}

/** Has all of its bytes within the tick after the one of its dispatch. */
function endsInNextTick(): Readable {
  const body = new Readable({ read() {} })
  process.nextTick(() => {
    body.push('abc')
    body.push(null)
  })
  return body
}

async function* empty(): AsyncGenerator<string> {}

/** Whether a piece of a body arrives if its source fails right after it. */
async function failingSource(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    await peer.request()
    peer.respond()
  })
  const agent = await stage.agent({ connections: 1 })
  await exchange(agent, { origin: server.origin })
  const body = (async function* (): AsyncGenerator<string> {
    yield 'the piece'
    throw new Error('no more')
  })() as never
  const { error } = await exchange(agent, { origin: server.origin, method: 'POST', body })
  return [
    error?.message,
    await happens(() => server.peers.some(({ log }) => log.includes('the piece'))),
  ]
}

/** How much of a body that waits for 100 arrives, and the result of the response that is sent instead. */
async function unexpected(stage: Stage, status: number): Promise<Normal> {
  let arrived = ''
  const server = await stage.tls({
    protocols: 'h2',
    onStream: (stream) => {
      stream.on('data', (chunk: Buffer) => (arrived += String(chunk)))
      stream.respond({ ':status': status })
      stream.end('answer')
    },
  })
  const options = { origin: server.origin, method: 'POST', body: 'hello', expectContinue: true }
  const { text } = await exchange(await stage.agent(), options)
  await happens(() => arrived !== '')
  return [arrived, text]
}

const length = 'a stream body that'
const expecting = '`expectContinue` over HTTP/2: when'

export const uploadDifferences: readonly Difference[] = [
  {
    row: "`FormData` of Node's own",
    name: 'to dispatch()',
    play: (stage) => accepted(stage, new FormData()),
    undici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
    dodici: 'ok',
  },
  {
    row: "`FormData` of Node's own",
    name: 'what is like a Blob',
    play: (stage) => {
      const stream = (): ReadableStream => new Blob(['abc']).stream()
      return accepted(stage, { [Symbol.toStringTag]: 'Blob', size: 3, type: '', stream })
    },
    undici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
    dodici: 'ok',
  },
  {
    row: 'a stream body of',
    name: 'a GET that waits for its source',
    play: overtaken,
    undici: ['/a', '/b'],
    dodici: ['/b', '/a'],
  },
  {
    row: length,
    name: 'a stream',
    play: (stage) => framing(stage, endsInNextTick),
    undici: 'content-length: 3',
    dodici: 'transfer-encoding: chunked',
  },
  {
    row: length,
    name: 'an iterable',
    play: (stage) => framing(stage, () => empty() as never),
    undici: 'content-length: 0',
    dodici: 'transfer-encoding: chunked',
  },
  {
    row: 'A streamed body whose',
    name: 'that fails',
    play: failingSource,
    undici: ['no more', true],
    dodici: ['no more', false],
  },
  {
    row: expecting,
    name: '200',
    play: (stage) => unexpected(stage, 200),
    undici: ['', 'answer'],
    dodici: ['hello', 'answer'],
  },
  {
    row: expecting,
    name: '417',
    play: (stage) => unexpected(stage, 417),
    undici: ['', 'answer'],
    dodici: ['', ''],
  },
]
