/**
 * Streamed bodies on a free connection: what the source has at hand is sent with the request. Neither the received
 * bytes nor the reads of the source may differ from those of a body that is sent in pieces.
 */
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { exchange, Recorder } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import { turns, until } from '../support/wait.ts'

interface Seen {
  readonly headers: IncomingHttpHeaders
  body?: Buffer
}

async function take(request: IncomingMessage, one: Seen): Promise<void> {
  one.body = await bodyOf(request)
}

/** A server that records what it gets, and an Agent with a free connection to it. */
async function useWarm(protocol: Protocol) {
  const seen: Seen[] = []
  const server = await useProtocol(protocol, (request, response) => {
    const one: Seen = { headers: request.headers }
    seen.push(one)
    void take(request, one).then(
      () => response.end('taken'),
      () => {},
    )
  })
  const agent = await useAgent()
  await exchange(agent, { origin: server.origin })
  seen.length = 0
  const post = (body: unknown, more: object = {}): Recorder =>
    dispatch(agent, { origin: server.origin, body: body as never, ...more })
  return { server, agent, seen, post }
}

/** Bodies are gathered for handlers without onBodySent and onRequestSent, such as those of undici's own functions. */
function dispatch(agent: Dispatcher, options: RequestOptions): Recorder {
  const recorder = new Recorder({})
  Object.assign(recorder, { onBodySent: undefined, onRequestSent: undefined })
  agent.dispatch({ method: 'POST', path: '/', ...options }, recorder)
  return recorder
}

async function* pieces(...all: readonly (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* all
}

describe.each(protocols)('a streamed body on a free connection over %s', (protocol) => {
  it('arrives whole, of unknown length', async () => {
    const { server, seen, post } = await useWarm(protocol)
    for (const body of [
      Readable.from([Buffer.from('one, '), Buffer.from('two')], { objectMode: false }),
      pieces('one, ', 'two'),
      [Buffer.from('one, '), Buffer.from('two')],
    ]) {
      expect((await post(body).done).text).toBe('taken')
    }
    expect(seen.map(({ body }) => String(body))).toEqual(['one, two', 'one, two', 'one, two'])
    for (const { headers } of seen) {
      expect(headers['content-length']).toBeUndefined()
      expect(headers['transfer-encoding']).toBe(protocol === 'HTTP/2' ? undefined : 'chunked')
    }
    expect(server.accepted).toBe(1)
  })

  it('arrives whole, of declared length', async () => {
    const { seen, post } = await useWarm(protocol)
    const headers = { 'content-length': '8' }
    expect((await post(pieces('one, ', 'two'), { headers }).done).text).toBe('taken')
    expect(seen[0]?.headers['content-length']).toBe('8')
    expect(String(seen[0]?.body)).toBe('one, two')
  })

  it('may come in views of any kind', async () => {
    const { seen, post } = await useWarm(protocol)
    const bytes = Buffer.from('one, two')
    const view = new DataView(bytes.buffer, bytes.byteOffset + 5, 3)
    const words = new Uint16Array(Uint8Array.from(bytes.subarray(0, 4)).buffer)
    for (const body of [[words], [view], [words, ' ', view]]) {
      expect((await post(body).done).text).toBe('taken')
    }
    expect(seen.map(({ body }) => String(body))).toEqual(['one,', 'two', 'one, two'])
  })

  it('that is empty is an empty body', async () => {
    const { seen, post } = await useWarm(protocol)
    expect((await post(pieces()).done).text).toBe('taken')
    expect(seen[0]?.body).toHaveLength(0)
  })

  it('that is larger than the gathered part arrives whole', async () => {
    const { seen, post } = await useWarm(protocol)
    const large = Array.from({ length: 30 }, (_, i) => Buffer.alloc(10_000, i))
    for (const body of [
      pieces(...large),
      Readable.from(large, { objectMode: false }),
      pieces(Buffer.concat(large)),
    ]) {
      expect((await post(body).done).text).toBe('taken')
    }
    for (const { body } of seen) expect(body?.equals(Buffer.concat(large))).toBe(true)
  })

  it('whose source is slow is sent without waiting for it', async () => {
    const { seen, post } = await useWarm(protocol)
    const body = new PassThrough()
    body.write('first, ')
    const recorder = post(body)
    await until('the head to arrive', () => seen.length === 1)
    body.write('second, ')
    await turns(3)
    body.end('last')
    await recorder.done
    expect(String(seen[0]?.body)).toBe('first, second, last')
  })

  it.each([
    ['shorter', '9'],
    ['longer', '7'],
  ])('%s... than declared is a mismatch', async (_, length) => {
    const { post } = await useWarm(protocol)
    const headers = { 'content-length': length }
    const recorder = await post(pieces('one, ', 'two'), { headers }).done
    expect(recorder.error).toBeInstanceOf(errors.RequestContentLengthMismatchError)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('whose source fails at once fails, and nothing is sent', async () => {
    const { seen, post } = await useWarm(protocol)
    const failure = new Error('no ideas')
    async function* failing(): AsyncGenerator<string> {
      yield 'some'
      throw failure
    }
    const recorder = await post(failing()).done
    expect(recorder.error).toBe(failure)
    expect(recorder.terminalCalls).toBe(1)
    await post('after it').done
    expect(seen.map(({ body }) => String(body))).toEqual(['after it'])
  })

  it('that is aborted while it is gathered fails with that error, and its source is stopped', async () => {
    const { seen, post } = await useWarm(protocol)
    const body = new PassThrough()
    const failed = once(body, 'error')
    const reason = new Error('not now')
    const recorder = post(body)
    body.write('some')
    recorder.controller?.abort(reason)
    await recorder.done
    expect(await failed).toEqual([reason])
    expect(recorder.error).toBe(reason)
    await post('after it').done
    expect(seen.map(({ body: arrived }) => String(arrived))).toEqual(['after it'])
  })

  it('delays close() while it is gathered, and ends with destroy()', async () => {
    const { agent, post } = await useWarm(protocol)
    const kept = post(pieces('one'))
    await agent.close()
    expect(kept.text).toBe('taken')
    const { agent: other, post: postOther } = await useWarm(protocol)
    const lost = postOther(pieces('one'))
    await other.destroy()
    await lost.done
    expect(lost.error).toBeInstanceOf(errors.ClientDestroyedError)
  })
})

describe('a streamed body', () => {
  it('whose connection is not free yet is not read', async () => {
    const { server } = await useWarm('HTTP/1.1')
    const agent = await useAgent({ connections: 1 })
    let read = 0
    async function* counting(): AsyncGenerator<string> {
      read += 1
      yield 'one'
    }
    const first = new PassThrough()
    const busy = dispatch(agent, { origin: server.origin, body: first })
    const waiting = dispatch(agent, { origin: server.origin, body: counting() as never })
    await turns(5)
    expect(read).toBe(0)
    first.end('done')
    await busy.done
    await waiting.done
    expect(waiting.text).toBe('taken')
    expect(read).toBe(1)
  })

  it('is passed to onBodySent unchanged', async () => {
    const { server, agent } = await useWarm('HTTP/1.1')
    const body = pieces('one, ', 'two')
    const recorder = await exchange(agent, { origin: server.origin, method: 'POST', body } as never)
    expect(recorder.text).toBe('taken')
    const sent = recorder.calls.filter(({ name }) => name === 'onBodySent')
    expect(sent.map(({ args }) => String(args[0]))).toEqual(['one, ', 'two'])
  })
})
