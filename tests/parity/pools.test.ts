/** undici's Client and Pool and ours, side by side. */
import { Client as UndiciClient, fetch, interceptors, Pool as UndiciPool } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Client, Pool } from '../../lib/index.ts'
import { useHttp1, useTls } from '../support/fixtures.ts'
import { certificates } from '../support/certificates.ts'
import { dispatch, exchange, Recorder } from '../support/recorder.ts'
import { until } from '../support/wait.ts'
import { maskPorts, seen } from './normalize.ts'

type Made = Dispatcher & { readonly stats: object; readonly closed: boolean }
type Class = new (url: never, options?: never) => Made

const kinds: Record<string, [undici: Class, ours: Class]> = {
  Client: [UndiciClient, Client],
  Pool: [UndiciPool, Pool],
}

async function both<T>(kind: string, play: (Made: Class) => Promise<T>): Promise<void> {
  const [undici, ours] = kinds[kind] as [Class, Class]
  const expected = await play(undici)
  expect(expected).toBeDefined()
  expect(await play(ours)).toEqual(expected)
}

function use(Made: Class, url: unknown, options: object = {}): Made {
  const made = new Made(url as never, options as never)
  onTestFinished(() => made.destroy())
  return made
}

type Listener = (origin: URL, targets: readonly unknown[], error?: Error) => void

// undici's types have an overload for each event.
function listen(made: Made, event: string, listener: Listener): void {
  ;(made.on as (event: string, listener: Listener) => unknown).call(made, event, listener)
}

function outcomeOf(make: () => object): unknown {
  try {
    make()
    return 'made'
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    return { name, code, message }
  }
}

const urls: [string, unknown][] = [
  ['a string', 'http://a.test'],
  ['a string with a slash', 'http://a.test/'],
  ['a URL', new URL('https://a.test:8443')],
  ['an object with an origin', { origin: 'http://a.test' }],
  ['an object of parts', { protocol: 'https:', hostname: 'a.test', port: 8443 }],
  ['an object of parts without a port', { protocol: 'https:', hostname: 'a.test' }],
  ['nothing', undefined],
  ['null', null],
  ['a number', 5],
  ['no URL', 'a.test'],
  ['an empty string', ''],
  ['another protocol', 'ftp://a.test'],
  ['a URL of another protocol', new URL('ftp://a.test')],
  ['a path', 'http://a.test/path'],
  ['a query', 'http://a.test/?q'],
  ['a fragment', 'http://a.test/#f'],
  ['an empty object', {}],
  ['an object with a bad port', { protocol: 'http:', hostname: 'a.test', port: 'x' }],
  ['an object with a bad hostname', { protocol: 'http:', hostname: 5 }],
  ['an object with a bad origin', { origin: 5 }],
  ['an object with the path /', { origin: 'http://a.test/', path: '/' }],
  ['an object with a path', { protocol: 'http:', hostname: 'a.test', path: '/x' }],
  ['an object with a path without slash', { origin: 'http://a.test', path: 'x' }],
  ['an object with a pathname', { protocol: 'http:', hostname: 'a.test', pathname: '/x' }],
  ['an object with a query', { origin: 'http://a.test', pathname: '/', search: '?q' }],
  ['an object with a bad path', { origin: 'http://a.test', path: 5 }],
  ['an object with a bad pathname', { origin: 'http://a.test', pathname: 5 }],
  ['an object of another protocol', { protocol: 'ftp:', hostname: 'a.test' }],
]

describe.each(Object.keys(kinds))('new %s', (kind) => {
  const [undici, ours] = kinds[kind] as [Class, Class]

  it.each(urls)('with %s', (_name, url) => {
    expect(outcomeOf(() => new ours(url as never))).toEqual(
      outcomeOf(() => new undici(url as never)),
    )
  })
})

describe('new Client', () => {
  it.each([
    { keepAlive: true },
    { socketTimeout: 1 },
    { requestTimeout: 1 },
    { idleTimeout: 1 },
    { maxKeepAliveTimeout: 1 },
    { maxHeaderSize: 0 },
    { keepAliveTimeout: -1 },
    { headersTimeout: -1 },
    { bodyTimeout: 'x' },
    { connect: 5 },
    { localAddress: 'x' },
    { maxRequestsPerClient: -1 },
    { allowH2: 'x' },
    { factory: 5 },
  ])('with %j', (options) => {
    const make = (Made: Class) => () => new Made('http://a.test' as never, options as never)
    const [undici, ours] = kinds['Client'] as [Class, Class]
    expect(outcomeOf(make(ours))).toEqual(outcomeOf(make(undici)))
  })

  it('has a pipelining property, which may be changed while it runs', async () => {
    const connections: (string | undefined)[] = []
    const server = await useHttp1((request, response) => {
      connections.push(request.headers.connection)
      response.end('ok')
    })
    await both('Client', async (Made) => {
      connections.length = 0
      const client = use(Made, server.origin) as Made & { pipelining: number }
      const before = server.accepted
      const values: number[] = []
      for (const pipelining of [1, 0, 0, 3, 3]) {
        client.pipelining = pipelining
        values.push(client.pipelining)
        await exchange(client, { path: '/' })
      }
      return { values, connections: [...connections], accepted: server.accepted - before }
    })
  })

  it('made with pipelining 0 keeps its connections once it is set to 1', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    await both('Client', async (Made) => {
      const client = use(Made, server.origin, { pipelining: 0 }) as Made & { pipelining: number }
      const before = server.accepted
      await exchange(client, { path: '/' })
      client.pipelining = 1
      await exchange(client, { path: '/' })
      await exchange(client, { path: '/' })
      return server.accepted - before
    })
  })
})

describe('new Pool', () => {
  it.each([{ connections: -1 }, { connections: 'x' }, { factory: 5 }, { connect: 5 }])(
    'with %j',
    (options) => {
      const make = (Made: Class) => () => new Made('http://a.test' as never, options as never)
      const [undici, ours] = kinds['Pool'] as [Class, Class]
      expect(outcomeOf(make(ours))).toEqual(outcomeOf(make(undici)))
    },
  )
})

describe.each(Object.keys(kinds))('a %s', (kind) => {
  it('uses its origin, whatever the options say', async () => {
    const server = await useHttp1((request, response) => void response.end(`at ${request.url}`))
    await both(kind, async (Made) => {
      const made = use(Made, server.origin)
      const none = await exchange(made, { path: '/none', method: 'GET' })
      const other = await exchange(made, { origin: 'http://b.test', path: '/other' })
      const wrong = await exchange(made, { origin: 5, path: '/wrong' } as never)
      return [seen(none), seen(other), seen(wrong)]
    })
  })

  it('answers request(), stream(), pipeline() and fetch(), and composes', async () => {
    const server = await useHttp1((request, response) => {
      request.on('end', () => response.end(`${request.method} ${request.url}`)).resume()
    })
    await both(kind, async (Made) => {
      const made = use(Made, server.origin)
      const { body } = await made.request({ path: '/request', method: 'GET' })
      const fetched = await fetch(`${server.origin}/fetch`, { dispatcher: made })
      const retrying = made.compose(interceptors.retry())
      const again = await retrying.request({ path: '/retry', method: 'GET' })
      return [await body.text(), await fetched.text(), await again.body.text()]
    })
  })

  it('returns false when it is busy, then emits drain, and counts', async () => {
    const waiting: (() => void)[] = []
    const server = await useHttp1((_request, response) => {
      waiting.push(() => response.end('ok'))
    })
    await both(kind, async (Made) => {
      waiting.length = 0
      const made = use(Made, server.origin, kind === 'Pool' ? { connections: 2 } : {})
      const most = kind === 'Pool' ? 2 : 1
      const log: unknown[] = []
      const recorders: Recorder[] = []
      listen(made, 'drain', (origin, targets) => {
        log.push([maskPorts(`drain ${origin.origin}`), targets[0] === made])
      })
      log.push(made.stats)
      const add = (): boolean => {
        const recorder = new Recorder()
        recorders.push(recorder)
        return made.dispatch({ path: '/', method: 'GET' }, recorder)
      }
      const answers = [add(), add(), add()]
      await until('as many as may are at the server', () => waiting.length === most)
      log.push({ ...made.stats })
      for (let done = 0; done < 3; done += 1) {
        await until('the next is there', () => waiting.length > 0)
        waiting.shift()?.()
      }
      await Promise.all(recorders.map((recorder) => recorder.done))
      await until('drain', () => log.length >= 3)
      // undici counts a connection as free only after it has emitted drain itself.
      log.push({ ...made.stats, free: 'whatever' })
      return { answers, log: log.map((entry) => ({ ...(entry as object) })) }
    })
  })

  it('emits connect, disconnect and connectionError, with itself as the first target', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    await both(kind, async (Made) => {
      const log: unknown[] = []
      const follow = (made: Made): Made => {
        for (const event of ['connect', 'disconnect', 'connectionError']) {
          listen(made, event, (origin, targets, error) => {
            const isError = error === undefined ? 'nothing' : (error as { code?: string }).code
            log.push([event, maskPorts(origin.origin), targets[0] === made, isError])
          })
        }
        return made
      }
      const made = follow(use(Made, server.origin))
      await exchange(made, { path: '/' })
      await made.close()
      const lost = follow(use(Made, 'http://127.0.0.1:1'))
      await exchange(lost, { path: '/' })
      await until('all three', () => log.length >= 3)
      return log
    })
  })

  it('closes and is destroyed', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    await both(kind, async (Made) => {
      const one = use(Made, server.origin)
      const last = dispatch(one, { path: '/' })
      const closing = one.close()
      const refused = await exchange(one, { path: '/' })
      await closing
      const two = use(Made, server.origin)
      const failing = dispatch(two, { path: '/' })
      await two.destroy(new Error('enough'))
      const error = (await failing.done).error?.message
      return [(await last.done).text, refused.error?.code, one.closed, error]
    })
  })

  it('speaks HTTP/2 on one connection, many requests at a time', async () => {
    let most = 0
    let now = 0
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        now += 1
        most = Math.max(most, now)
        setImmediate(() => {
          now -= 1
          stream.respond({ ':status': 200 })
          stream.end('ok')
        })
      },
    })
    await both(kind, async (Made) => {
      const made = use(Made, server.origin, { connect: { ca: certificates().ca } })
      const before = server.accepted
      most = 0
      const texts = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const { body } = await made.request({ path: '/', method: 'GET' })
          return body.text()
        }),
      )
      return { texts, connections: server.accepted - before, many: most > 1 }
    })
  })
})
