/** How an HTTP/2 server sees the end of a request that its client aborts: undici's Agent and ours. */
import { once } from 'node:events'
import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { dispatch } from '../support/recorder.ts'
import type { Recorder, RequestOptions } from '../support/recorder.ts'
import { within } from '../support/wait.ts'
import { Stage } from './scenario.ts'
import type { Outcome } from './scenario.ts'

interface Abort {
  readonly options?: () => RequestOptions
  readonly respond?: (stream: ServerHttp2Stream) => void
  /** Called with an abort function when the server has the stream; absent if a timeout ends the request. */
  readonly abort?: (recorder: Recorder) => Promise<void> | void
}

const begin = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 })
  stream.write('part')
}
const abort = (recorder: Recorder): void => recorder.controller?.abort(new Error('enough'))
const upload = (): RequestOptions => {
  const body = new Readable({ read() {} })
  body.push('a')
  return { method: 'POST', body }
}

const aborts: [string, Abort][] = [
  ['before the head', { abort }],
  [
    'in the body',
    {
      respond: begin,
      abort: async (recorder) => {
        await recorder.seen('onResponseData')
        abort(recorder)
      },
    },
  ],
  ['in an upload', { options: upload, abort }],
  [
    'in an upload and the body',
    {
      options: upload,
      respond: begin,
      abort: async (recorder) => {
        await recorder.seen('onResponseData')
        abort(recorder)
      },
    },
  ],
  ['by headersTimeout', { options: () => ({ headersTimeout: 100 }) }],
  ['by bodyTimeout', { options: () => ({ bodyTimeout: 100 }), respond: begin }],
  [
    'by a source that fails',
    {
      options: () => ({
        method: 'POST',
        body: Readable.from(
          (async function* failing(): AsyncGenerator<string> {
            yield 'a'
            await new Promise((resolve) => {
              setTimeout(resolve, 50)
            })
            throw new Error('no more')
          })(),
        ),
      }),
    },
  ],
]

async function play(stage: Stage, { options, respond, abort: giveUp }: Abort): Promise<Outcome> {
  const errors: string[] = []
  const arrived = Promise.withResolvers<ServerHttp2Stream>()
  const server = await stage.tls({
    protocols: 'h2',
    onStream: (stream, headers) => {
      if (headers[':path'] === '/next') {
        stream.respond({ ':status': 200 })
        stream.end('ok')
        return
      }
      stream.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message))
      stream.resume()
      respond?.(stream)
      arrived.resolve(stream)
    },
    onSession: (session) =>
      session.on('error', (error) => errors.push(`session: ${error.message}`)),
  })
  const agent = await stage.agent()
  const recorder = dispatch(agent, { origin: server.origin, ...options?.() })
  const stream = await within('the stream', arrived.promise)
  const closed = within("the stream's end", once(stream, 'close'))
  await giveUp?.(recorder)
  await recorder.done
  await closed
  const next = dispatch(agent, { origin: server.origin, path: '/next' })
  await next.done
  // undici's code is NO_ERROR if the request had no body; ours is always CANCEL.
  if (stage.kind === 'dodici') expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
  return { errors, aborted: stream.aborted, next: next.text }
}

describe('an aborted request over HTTP/2', () => {
  it.each(aborts)('%s, as its server sees it', async (_name, given) => {
    const run = async (kind: 'undici' | 'dodici'): Promise<Outcome> => {
      const stage = new Stage(kind)
      try {
        return await play(stage, given)
      } finally {
        await stage.clear()
      }
    }
    const expected = await run('undici')
    expect(await run('dodici')).toEqual(expected)
  })
})
