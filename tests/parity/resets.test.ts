/**
 * A connection that its server resets in an HTTP/1.1 response: undici's Agent and ours. A reset ends a body that nothing but the end of
 * its connection was to end; every other response fails with it.
 */
import { describe, expect, it } from 'vitest'
import { dispatch } from '../support/recorder.ts'
import type { HandlerMethod, RequestOptions } from '../support/recorder.ts'
import { alone, both } from './both.ts'
import { seen } from './normalize.ts'
import type { Normal, Seen } from './normalize.ts'
import type { Outcome, Stage } from './scenario.ts'

const part = 'part'

const unframed: Record<string, string> = {
  'no length': `HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n${part}`,
  'no length, and connection: close': `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${part}`,
  'no length, and keep-alive': `HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n${part}`,
  'no length, of version 1.0': `HTTP/1.0 200 OK\r\n\r\n${part}`,
  'no length, of an error': `HTTP/1.1 413 Content Too Large\r\n\r\n${part}`,
}

const chunked = 'transfer-encoding: chunked\r\n'
const framed: Record<string, string> = {
  'content-length': `HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n${part}`,
  'content-length, and connection: close': `HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n${part}`,
  'content-length, of version 1.0': `HTTP/1.0 200 OK\r\ncontent-length: 9\r\n\r\n${part}`,
  'a whole chunk': `HTTP/1.1 200 OK\r\n${chunked}\r\n4\r\n${part}\r\n`,
  'a whole chunk, and connection: close': `HTTP/1.1 200 OK\r\n${chunked}connection: close\r\n\r\n4\r\n${part}\r\n`,
  'part of a chunk': `HTTP/1.1 200 OK\r\n${chunked}\r\n9\r\n${part}`,
  'all chunks but the end': `HTTP/1.1 200 OK\r\n${chunked}\r\n4\r\n${part}\r\n0\r\n`,
}

const requests: [string, () => RequestOptions, last: string][] = [
  ['GET', () => ({}), '\r\n\r\n'],
  ['POST', () => ({ method: 'POST', body: 'all' }), 'all'],
  ['POST of a stream', () => ({ method: 'POST', body: texts(['a', 'b']) }), '0\r\n\r\n'],
  ['POST that goes on', () => ({ method: 'POST', body: texts(['some'], never) }), 'some'],
]

const never = new Promise<void>(() => {})

async function* texts(all: readonly string[], then?: Promise<void>): AsyncGenerator<string> {
  yield* all
  if (then) await then
}

interface Reset {
  readonly bytes: string
  readonly options: () => RequestOptions
  /** The request has come when these bytes have. */
  readonly last: string
  readonly tls: boolean
  /** What the client must have been called with before the reset. */
  readonly seen?: HandlerMethod
}

async function run(
  stage: Stage,
  { bytes, options, last, tls, seen: called }: Reset,
): Promise<Seen> {
  const resets = Promise.withResolvers<void>()
  const server = await stage.raw(
    async (peer) => {
      await peer.readUntil(last)
      if (bytes !== '') await peer.deliver(bytes)
      await resets.promise
      peer.reset()
    },
    { tls },
  )
  const agent = await stage.agent()
  const recorder = dispatch(agent, { origin: server.origin, ...options() })
  if (called) await recorder.seen(called)
  resets.resolve()
  await recorder.done
  expect(server.peers).toHaveLength(1)
  return seen(recorder)
}

const lastCall = (outcome: Outcome): Normal | undefined => (outcome as Seen).calls.at(-1)
const end = { call: 'end' }
const error = { call: 'error' }

describe.each(requests)('a reset in the answer to %s', (_name, options, last) => {
  const reset = (bytes: string, tls: boolean): Reset => ({
    bytes,
    options,
    last,
    tls,
    seen: 'onResponseData',
  })

  it.each(Object.entries(unframed))('ends a body with %s', async (_case, bytes) => {
    const outcome = await both((stage) => run(stage, reset(bytes, false)))
    expect(lastCall(outcome)).toMatchObject(end)
  })

  it.each(Object.entries(framed))('cuts a body with %s', async (_case, bytes) => {
    const outcome = await both((stage) => run(stage, reset(bytes, false)))
    expect(lastCall(outcome)).toMatchObject(error)
  })

  it.each(Object.entries(framed))('over TLS cuts a body with %s', async (_case, bytes) => {
    const outcome = await both((stage) => run(stage, reset(bytes, true)))
    expect(lastCall(outcome)).toMatchObject(error)
  })

  // On purpose otherwise than undici: what comes without close_notify may have been cut.
  it.each(Object.entries(unframed))('over TLS cuts a body with %s', async (_case, bytes) => {
    const outcome = await alone('dodici', (stage) => run(stage, reset(bytes, true)))
    expect(lastCall(outcome)).toMatchObject({ ...error, error: { code: 'ECONNRESET' } })
    expect(
      lastCall(await alone('undici', (stage) => run(stage, reset(bytes, true)))),
    ).toMatchObject(end)
  })

  it('ends an empty body that has no length', async () => {
    const empty: Reset = {
      bytes: 'HTTP/1.1 200 OK\r\n\r\n',
      options,
      last,
      tls: false,
      seen: 'onResponseStart',
    }
    expect(lastCall(await both((stage) => run(stage, empty)))).toMatchObject(end)
  })

  it('before the head is an error', async () => {
    const none = { bytes: '', options, last, tls: false }
    expect(lastCall(await both((stage) => run(stage, none)))).toMatchObject(error)
  })
})
