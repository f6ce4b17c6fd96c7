/** HTTP/2: an answer that is complete before the upload is. The request is over with it; the upload goes on. */
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { hasBundledCurl } from '../support/curl.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import { until, within } from '../support/wait.ts'
import { both } from './both.ts'
import { seen } from './normalize.ts'
import type { Normal } from './normalize.ts'

const answers: Record<string, (stream: ServerHttp2Stream) => void> = {
  'content-length': (stream) => {
    stream.respond({ ':status': 200, 'content-length': 5 })
    stream.end('early')
  },
  'no length': (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('early')
  },
  trailers: (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-a': '1' }))
    stream.end('early')
  },
  'no body': (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
  'a redirect': (stream) => {
    stream.respond({ ':status': 307, location: '/' })
    stream.end()
  },
  'an error': (stream) => {
    stream.respond({ ':status': 413 })
    stream.end('no')
  },
}

async function* slowly(go: Promise<unknown>): AsyncGenerator<string> {
  yield 'a'
  await go
  yield* ['b', 'c', 'd', 'e']
}

const bodies: [string, (go: Promise<unknown>) => unknown][] = [
  ['a slow iterable', slowly],
  ['a slow Readable', (go) => Readable.from(slowly(go))],
  ['an iterable', () => ['a', 'b', 'c', 'd', 'e']],
  ['a Blob', () => new Blob(['abcde'])],
]

const calls = (recorder: Recorder): readonly Normal[] =>
  seen(recorder, { withoutRaw: true }).calls.filter(
    (call) => (call as { call: string }).call !== 'started',
  )

describe.runIf(hasBundledCurl).each(Object.keys(answers))(
  'HTTP/2, an early answer with %s',
  (name) => {
    const answer = answers[name] as (stream: ServerHttp2Stream) => void

    it.each(bodies)('does not cut %s', async (_name, body) => {
      const outcome = await both(async (stage) => {
        let received = ''
        const ended = Promise.withResolvers<void>()
        const server = await stage.tls({
          protocols: 'h2',
          onStream: (stream) => {
            stream.setEncoding('latin1')
            stream.on('data', (text: string) => (received += text))
            stream.on('end', () => ended.resolve())
            stream.on('aborted', () => ended.reject(new Error('aborted')))
            answer(stream)
          },
        })
        const agent = await stage.agent()
        const go = Promise.withResolvers<void>()
        const options = { method: 'POST', body: body(go.promise) as never }
        const recorder = await exchange(agent, { origin: server.origin, ...options })
        go.resolve()
        await within('the end of the upload', ended.promise)
        return { calls: calls(recorder), received, terminal: recorder.terminalCalls }
      })
      expect(outcome).toMatchObject({ received: 'abcde', terminal: 1 })
    })

    // Node's server resets a stream with trailers before it has sent them.
    it.skipIf(name === 'trailers')(
      'ends an upload whose server resets it because it does not want the rest',
      async () => {
        await both(async (stage) => {
          const server = await stage.tls({
            protocols: 'h2',
            onStream: (stream, headers) => {
              stream.resume()
              answer(stream)
              if (headers[':path'] === '/') stream.on('finish', () => stream.close(0))
            },
          })
          const agent = await stage.agent()
          const body = new Readable({ read() {} })
          body.push('a')
          const recorder = await exchange(agent, { origin: server.origin, method: 'POST', body })
          await until('the source is let go of', () => body.destroyed)
          const next = await exchange(agent, { origin: server.origin, path: '/next' })
          return { calls: calls(recorder), next: calls(next), sessions: server.accepted }
        })
      },
    )

    it('does not delay close()', async () => {
      await both(async (stage) => {
        const server = await stage.tls({ protocols: 'h2', onStream: answer })
        const agent = await stage.agent()
        const body = slowly(new Promise(() => {}))
        const recorder = await exchange(agent, {
          origin: server.origin,
          method: 'POST',
          body: body as never,
        })
        await within('close()', agent.close())
        return { calls: calls(recorder), terminal: recorder.terminalCalls }
      })
    })

    it('waits while its handler pauses, and the upload goes on', async () => {
      await both(async (stage) => {
        let received = ''
        const server = await stage.tls({
          protocols: 'h2',
          onStream: (stream) => {
            stream.setEncoding('latin1')
            stream.on('data', (text: string) => (received += text))
            answer(stream)
          },
        })
        const agent = await stage.agent()
        const options = { method: 'POST', body: slowly(Promise.resolve()) as never }
        const recorder = dispatch(
          agent,
          { origin: server.origin, ...options },
          { onResponseStart: (_recorder, controller) => controller.pause() },
        )
        await recorder.seen('onResponseStart')
        await until('the upload is complete', () => received === 'abcde')
        const before = recorder.terminalCalls
        recorder.controller?.resume()
        await recorder.done
        return { calls: calls(recorder), before }
      })
    })
  },
)
