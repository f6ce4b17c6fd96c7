/** `useH2c`: HTTP/2 to plain http origins without asking, over TCP and Unix sockets; undici's classes and ours side by side. */
import { createServer } from 'node:http2'
import type {
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as dodici from '../../lib/index.ts'
import { hasBundledCurl } from '../support/curl.ts'
import { useFolder, useHttp1 } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import { listen } from '../support/servers/listen.ts'
import { within } from '../support/wait.ts'
import { maskPorts, seen } from './normalize.ts'

type Library = Record<'Agent' | 'Client' | 'Pool', new (...args: never[]) => Dispatcher>
type Made = (library: Library, origin: string, options: object) => Dispatcher

const h2c = { allowH2: true, useH2c: true }
const agent: Made = ({ Agent }, _origin, options) => new Agent({ ...h2c, ...options } as never)
const ways: [string, Made][] = [
  ['an Agent', agent],
  [
    'an Agent that has allowH2: false',
    (...made) => agent(made[0], made[1], { ...made[2], allowH2: false }),
  ],
  [
    'an Agent of one connection',
    (...made) => agent(made[0], made[1], { ...made[2], connections: 1 }),
  ],
  ['a Pool', ({ Pool }, ...rest) => new Pool(...([rest[0], { ...h2c, ...rest[1] }] as never[]))],
  [
    'a Client',
    ({ Client }, ...rest) => new Client(...([rest[0], { ...h2c, ...rest[1] }] as never[])),
  ],
  [
    'a Client by its h2Options',
    ({ Client }, ...rest) =>
      new Client(...([rest[0], { h2Options: { useH2c: true }, ...rest[1] }] as never[])),
  ],
]

interface H2cServer {
  readonly server: Http2Server
  readonly origin: string
  readonly sockets: ReadonlySet<Socket>
}

type Allow = (streams: number) => Promise<void>
type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

async function useH2c(onStream: OnStream, path?: string): Promise<H2cServer> {
  const server = createServer()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  if (path === undefined) {
    const { port, close } = await listen(server, sockets)
    onTestFinished(close)
    return { server, origin: `http://127.0.0.1:${port}`, sockets }
  }
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { server, origin: 'http://any.test', sockets }
}

/** Answers with what has arrived: the pseudo-headers, a header of the user's, and the body. */
const echo: OnStream = (stream, headers) => {
  stream.setEncoding('latin1')
  let body = ''
  stream.on('data', (text: string) => (body += text))
  stream.on('end', () => {
    const pseudo = [':method', ':scheme', ':authority', ':path'].map((name) =>
      String(headers[name]),
    )
    stream.respond({ ':status': 200, 'x-a': headers['x-a'] })
    stream.end(maskPorts(`${pseudo.join(' ')} ${body.length} ${body.slice(0, 9)}`))
  })
}

async function both<T>(
  made: Made,
  play: (dispatcher: Dispatcher) => Promise<T>,
  origin: string,
  options = {},
): Promise<T> {
  const run = async (library: unknown): Promise<T> => {
    const dispatcher = made(library as Library, origin, options)
    try {
      return await play(dispatcher)
    } finally {
      await dispatcher.destroy()
    }
  }
  const expected = await run(undici)
  const ours = await run(dodici)
  expect(ours).toEqual(expected)
  return ours
}

function* pieces(): Generator<string> {
  yield 'one '
  yield 'two'
}

const requests: [string, () => RequestOptions][] = [
  ['a GET', () => ({ headers: { 'X-A': '1' } })],
  ['a HEAD', () => ({ method: 'HEAD' })],
  ['a DELETE with a body', () => ({ method: 'DELETE', body: 'x' })],
  ['a POST of a string', () => ({ method: 'POST', body: 'hello' })],
  ['a POST of an iterable', () => ({ method: 'POST', body: pieces() as never })],
  ['a POST of a megabyte', () => ({ method: 'POST', body: 'x'.repeat(2 ** 20) })],
  ['a path with a query', () => ({ path: '/a?b=1' })],
]

describe.each(ways)('%s with useH2c', (_name, made) => {
  it.each(requests)('sends %s as HTTP/2', async (_request, options) => {
    const { origin, sockets } = await useH2c(echo)
    const twice = await both(
      made,
      async (dispatcher) => {
        const first = await exchange(dispatcher, { origin, ...options() })
        const second = await exchange(dispatcher, { origin, ...options() })
        return [first, second].map((recorder) => {
          const { calls, ...rest } = seen(recorder, { withoutRaw: true })
          return {
            ...rest,
            calls: calls.filter((call) => (call as { call: string }).call !== 'started'),
          }
        })
      },
      origin,
    )
    expect(twice[1]).toEqual(twice[0])
    expect(sockets.size).toBe(2)
  })

  it('sends through a Unix socket', async () => {
    const socketPath = join(useFolder(), 'socket')
    const { origin } = await useH2c(echo, socketPath)
    const text = await both(
      made,
      async (dispatcher) => {
        const options = { origin, method: 'POST', body: 'hello' } as const
        return (await exchange(dispatcher, options)).text
      },
      origin,
      { socketPath },
    )
    expect(text).toBe('POST http any.test / 5 hello')
  })

  it('shares one connection among many requests', async () => {
    const streams: ServerHttp2Stream[] = []
    const { origin, sockets } = await useH2c((stream) => {
      if (streams.push(stream) % 20 > 0) return
      for (const waiting of streams.splice(0)) {
        waiting.respond({ ':status': 200 })
        waiting.end('ok')
      }
    })
    await both(
      made,
      async (dispatcher) => {
        const all = Array.from({ length: 20 }, () => dispatch(dispatcher, { origin }))
        await Promise.all(all.map(({ done }) => done))
        return all.map(({ text }) => text)
      },
      origin,
    )
    expect(sockets.size).toBe(2)
  })

  it('fails at a server that speaks HTTP/1.1 only', async () => {
    const { origin } = await useHttp1((_request, response) => void response.end('ok'))
    const failed = await both(
      made,
      async (dispatcher) => {
        // undici's Client has "Protocol error" here, its Pool "other side closed".
        const { names } = await exchange(dispatcher, { origin })
        return names.filter((name) => name.startsWith('onResponse'))
      },
      origin,
    )
    expect(failed).toEqual(['onResponseError'])
  })

  it('has the error of a port where nobody listens', async () => {
    const { origin, server } = await useH2c(echo)
    await new Promise((resolve) => {
      server.close(resolve)
    })
    await both(
      made,
      async (dispatcher) => {
        const { error } = await exchange(dispatcher, { origin })
        return { name: error?.name, code: error?.code, message: error?.message }
      },
      origin,
    )
  })
})

describe.runIf(hasBundledCurl)('useH2c to a server that allows no stream', () => {
  /** Sends one request, lets the server allow none, and sends another. `then` may allow some again. */
  const play =
    (sessions: ServerHttp2Session[], origin: string, then: (allow: Allow) => Promise<void>) =>
    async (dispatcher: Dispatcher): Promise<unknown> => {
      const first = await exchange(dispatcher, { origin, path: '/first' })
      const session = sessions.at(-1) as ServerHttp2Session
      const allow: Allow = (maxConcurrentStreams) =>
        within(
          'the acknowledgement of SETTINGS',
          new Promise((resolve) => {
            session.settings({ maxConcurrentStreams }, () => resolve())
          }),
        )
      await allow(0)
      const second = dispatch(dispatcher, { origin, path: '/second' })
      await then(allow)
      await second.done
      return [first.text, second.text, second.error?.name, second.error?.message]
    }

  it('lets requests wait until it allows some', async () => {
    const { server, origin } = await useH2c(echo)
    const sessions: ServerHttp2Session[] = []
    server.on('session', (session: ServerHttp2Session) => sessions.push(session))
    const allowAgain = (allow: Allow): Promise<void> => allow(10)
    const options = { connections: 1 }
    const outcome = await both(agent, play(sessions, origin, allowAgain), origin, options)
    expect(outcome).toMatchObject({ 1: expect.stringContaining('/second') as string, 2: undefined })
    expect(sessions).toHaveLength(2)
  })

  it('fails them after headersTimeout', async () => {
    const { server, origin } = await useH2c(echo)
    const sessions: ServerHttp2Session[] = []
    server.on('session', (session: ServerHttp2Session) => sessions.push(session))
    const wait = (): Promise<void> => Promise.resolve()
    const options = { connections: 1, headersTimeout: 300 }
    const outcome = await both(agent, play(sessions, origin, wait), origin, options)
    expect(outcome).toMatchObject({ 2: 'HeadersTimeoutError' })
  })
})
