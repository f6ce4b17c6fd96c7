/** Answers before the end of an upload, uploads that pause, and uploads that end too early: undici's Agent and ours. */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import { within } from '../support/wait.ts'
import { both } from './both.ts'
import { seen } from './normalize.ts'

const answers: Record<string, string> = {
  'a length': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
  chunks: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  trailers: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-a: 1\r\n\r\n',
  'no body': 'HTTP/1.1 204 No Content\r\n\r\n',
  'an error': 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno',
  'a redirect': 'HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n',
  'the end of the connection': 'HTTP/1.1 200 OK\r\n\r\nhi',
}
const endings = Object.keys(answers)

/** Yields `texts`, and then goes on when `until` says so. */
async function* source(texts: readonly string[], until?: Promise<unknown>): AsyncGenerator<string> {
  yield* texts
  if (until) await until
}

const kinds: [string, (texts: readonly string[], until?: Promise<unknown>) => unknown][] = [
  ['an iterable', source],
  ['a Readable', (...given) => Readable.from(source(...given))],
]
const never = new Promise<void>(() => {})

// Each of undici's warnings is one of ours.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))
afterEach(() => vi.restoreAllMocks())

describe.each(kinds)('%s over HTTP/1.1', (_name, body) => {
  it.each(endings)('that does not end, answered by %s, ends with the answer', async (ending) => {
    await both(async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.readUntil('part')
        peer.send(answers[ending] as string)
        if (ending === 'the end of the connection') peer.fin()
        await peer.ended
      })
      const agent = await stage.agent()
      const options = { method: 'POST', body: body(['part'], never) as never }
      const recorder = await exchange(agent, { origin: server.origin, ...options })
      await within('the end of the connection', (await server.peer(0)).ended)
      return seen(recorder)
    })
  })

  it.each(endings)('that is too short, answered by %s, has a warning', async (ending) => {
    const warnings = vi.mocked(process.emitWarning)
    await both(async (stage) => {
      warnings.mockClear()
      const sent = Promise.withResolvers<void>()
      const server = await stage.raw(async (peer) => {
        await peer.readUntil('part')
        await sent.promise
        peer.send(answers[ending] as string)
        if (ending === 'the end of the connection') peer.fin()
        await peer.ended
      })
      const agent = await stage.agent({ strictContentLength: false })
      const recorder = await exchange(
        agent,
        {
          origin: server.origin,
          method: 'PUT',
          headers: { 'content-length': '10' },
          body: body(['part']) as never,
        },
        // An answer before the source has ended would end the request.
        { onRequestSent: () => sent.resolve() },
      )
      await within('the end of the connection', (await server.peer(0)).ended)
      const names = warnings.mock.calls.map(([warning]) => (warning as Error).name)
      return { seen: seen(recorder), names }
    })
  })

  it.each(['GET', 'DELETE', 'POST', 'PUT'])(
    'of %s that is empty counts as none, whatever length is declared',
    async (method) => {
      const warnings = vi.mocked(process.emitWarning)
      await both(async (stage) => {
        warnings.mockClear()
        const server = await stage.http1((request, response) => {
          const { 'content-length': length, 'transfer-encoding': coding } = request.headers
          response.end(`${length} ${coding}`)
        })
        const agent = await stage.agent({ strictContentLength: false })
        const options = { method, headers: { 'content-length': '10' }, body: body([]) as never }
        const recorder = await exchange(agent, { origin: server.origin, ...options })
        return [recorder.text, ...warnings.mock.calls.map(([warning]) => (warning as Error).name)]
      })
    },
  )

  it('that is too short and never answered is a headersTimeout', async () => {
    await both(async (stage) => {
      const server = await stage.raw(async (peer) => void (await peer.ended))
      const agent = await stage.agent({ strictContentLength: false, headersTimeout: 200 })
      const options = { method: 'PUT', headers: { 'content-length': '10' } }
      return seen(
        await exchange(agent, { origin: server.origin, ...options, body: body(['part']) as never }),
      )
    })
  })

  it('pauses for longer than headersTimeout', async () => {
    const outcome = await both(async (stage) => {
      const server = await stage.http1(async (request, response) => {
        for await (const _chunk of request);
        response.end('ok')
      })
      const agent = await stage.agent({ headersTimeout: 100 })
      const pause = new Promise((resolve) => {
        setTimeout(resolve, 600)
      })
      const options = { method: 'POST', body: body(['a'], pause) as never }
      return seen(await exchange(agent, { origin: server.origin, ...options }))
    })
    expect(outcome).toMatchObject({ calls: expect.arrayContaining([{ call: 'data', data: 'ok' }]) })
  })

  it('has headersTimeout run after its end, or while the server does not read', async () => {
    await both(async (stage) => {
      const server = await stage.raw(async (peer) => {
        if (peer.index === 0) peer.socket.pause()
        await peer.ended
      })
      const agent = await stage.agent({ headersTimeout: 300 })
      const errors = async (options: RequestOptions): Promise<string | undefined> =>
        (await exchange(agent, { origin: server.origin, method: 'POST', ...options })).error?.code
      const much = Array.from({ length: 64 }, () => 'x'.repeat(2 ** 18))
      return [
        await errors({ body: body(much) as never }),
        await errors({ body: body(['a']) as never }),
      ]
    })
  })
})

describe('a Readable without autoDestroy', () => {
  it.each([
    ['empty', []],
    ['with a chunk', ['asd']],
  ])('that has ended, %s, is destroyed', async (_name, chunks) => {
    await both(async (stage) => {
      const server = await stage.http1((_request, response) => void response.end())
      const agent = await stage.agent()
      const body = new Readable({ autoDestroy: false, read() {} })
      for (const chunk of [...chunks, null]) body.push(chunk)
      const closed = within("the stream's end", once(body, 'close'))
      const recorder = await exchange(agent, { origin: server.origin, method: 'POST', body })
      await closed
      return { status: recorder.status as number, destroyed: body.destroyed }
    })
  })
})
