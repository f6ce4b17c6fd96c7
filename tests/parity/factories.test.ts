/** The `factory` of an Agent and of a Pool: the same program over undici and over dodici. */
import * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as dodici from '../../lib/index.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { libraries, onBoth, outcomeOf } from '../support/libraries.ts'
import type { Library } from '../support/libraries.ts'
import { exchange, Recorder } from '../support/recorder.ts'
import { stubs, type Stub } from '../support/stub-dispatchers.ts'
import { until } from '../support/wait.ts'
import { maskPorts } from './normalize.ts'

const codeOf = ({ error }: Recorder): unknown => {
  const { code, message } = error as Error & { code?: string }
  return code ?? message
}

/** Called with each event's targets, which undici's types do not know of every event. */
type Listener = (origin: URL, targets: readonly unknown[], error?: Error) => void

function listen(made: Dispatcher, event: string, listener: Listener): void {
  ;(made.on as (event: string, listener: Listener) => unknown).call(made, event, listener)
}

describe("an Agent's factory", () => {
  it.each([
    { connections: 3, allowH2: false, keepAliveTimeout: 5 },
    { connect: { timeout: 5 } },
    { tls: { ca: 'x' }, maxOrigins: 5 },
    {},
  ])('gets the options %j', async (options) => {
    const given = await onBoth(({ Agent }) => {
      const { given: all, factory } = stubs()
      const agent = new Agent({ ...options, factory } as undici.Agent.Options)
      agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, new Recorder())
      return all
    })
    expect(given[0]).toMatchObject(options)
  })

  it.each([5, 'x', {}, null])('must not be %j', async (factory) => {
    const outcome = await onBoth(({ Agent }) =>
      outcomeOf(() => new Agent({ factory } as unknown as undici.Agent.Options)),
    )
    expect(outcome).toMatchObject({ message: 'factory must be a function.' })
  })

  it('makes a dispatcher for each origin, and one more for HTTP/1.1 alone', async () => {
    const calls = await onBoth(({ Agent }) => {
      const { made, factory } = stubs()
      const agent = new Agent({ factory })
      const answers = [
        { origin: 'http://a.test', path: '/1', method: 'GET' },
        { origin: new URL('http://a.test'), path: '/2', method: 'PUT' },
        { origin: 'http://b.test', path: '/3', method: 'GET' },
        { origin: 'http://b.test', path: '/4', method: 'GET', allowH2: false },
      ].map((opts) => agent.dispatch(opts as Dispatcher.DispatchOptions, new Recorder()))
      return [answers, made.map(({ origin, calls: all }) => [origin, all])]
    })
    expect(calls[1]).toHaveLength(4)
  })

  it('counts origins, and checks them as undici does', async () => {
    await onBoth(({ Agent }) => {
      const { factory } = stubs()
      const agent = new Agent({ factory, maxOrigins: 1 })
      return ['', 5, 'http://a.test', 'http://b.test'].map((origin) => {
        const recorder = new Recorder()
        agent.dispatch({ origin, path: '/', method: 'GET' } as never, recorder)
        return codeOf(recorder)
      })
    })
  })

  it('has its events emitted with the Agent as the first target, and is forgotten when unused', async () => {
    await onBoth(({ Agent }) => {
      const { made, factory } = stubs()
      const agent = new Agent({ factory })
      const seen: unknown[] = []
      for (const event of ['connect', 'disconnect', 'connectionError', 'drain']) {
        listen(agent, event, (origin, targets, error) => {
          seen.push([event, origin.href, targets.map((at) => (at === agent ? 'agent' : at)), error])
        })
      }
      const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
      agent.dispatch(get, new Recorder())
      const [stub] = made as [Stub]
      const emit = stub.emit.bind(stub) as (event: string, ...values: unknown[]) => boolean
      const url = new URL('http://a.test')
      emit('connect', url, ['client'])
      emit('drain', url, ['client'])
      emit('disconnect', url, ['client'], new Error('gone'))
      agent.dispatch(get, new Recorder())
      emit('connectionError', url, ['client'], new Error('no way'))
      return { seen, made: made.map(({ calls }) => calls) }
    })
  })

  it('has its dispatchers closed and destroyed, with the error', async () => {
    await onBoth(async ({ Agent }) => {
      const { made, factory } = stubs()
      const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
      const closed = new Agent({ factory })
      closed.dispatch(get, new Recorder())
      const closing = closed.close()
      const refused = new Recorder()
      const more = closed.dispatch(get, refused)
      await closing
      const destroyed = new Agent({ factory })
      destroyed.dispatch(get, new Recorder())
      await destroyed.destroy(new Error('mine'))
      const states = [closed, destroyed].map((agent) => [agent.closed, agent.destroyed])
      return { calls: made.map(({ calls }) => calls), more, code: codeOf(refused), states }
    })
  })

  it.each(['before', 'while'])(
    'ends by the signal of ours that aborts %s it runs',
    async (when) => {
      const { made, given, factory } = stubs()
      const controller = new AbortController()
      if (when === 'before') controller.abort(new Error('enough'))
      const { signal } = controller
      const agent = new dodici.Agent({ factory, signal })
      const recorder = new Recorder()
      agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, recorder)
      controller.abort(new Error('enough'))
      expect([agent.destroyed, agent.closed]).toEqual([true, false])
      if (when === 'before') {
        expect(codeOf(recorder)).toBe('UND_ERR_DESTROYED')
      } else {
        expect(made[0]?.calls).toEqual(['GET /', 'destroy enough'])
        expect(given[0]).toEqual({ maxOrigins: Infinity, signal })
      }
      await agent.destroy()
    },
  )

  const pools: [string, (origin: string | URL, options: object) => Dispatcher][] = [
    ["dodici's Pool", (origin, options) => new dodici.Pool(origin, options)],
    ["dodici's Client", (origin, options) => new dodici.Client(origin, options)],
    ["undici's Pool", (origin, options) => new undici.Pool(origin, options)],
  ]

  it.each(pools)('may make %s: answers, stats, an end', async (_name, factory) => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    await onBoth(async ({ Agent, request }) => {
      const agent = new Agent({ factory, keepAliveTimeout: 1000 })
      const texts: string[] = []
      const gone: unknown[] = []
      listen(agent, 'disconnect', (_origin, targets) => gone.push(targets[0] === agent))
      for (const path of ['/1', '/2']) {
        const { body } = await request(`${server.origin}${path}`, { dispatcher: agent })
        texts.push(await body.text())
      }
      const { running, pending } = agent.stats[server.origin] ?? {}
      await agent.close()
      return { texts, running, pending, gone, stats: agent.stats, destroyed: agent.destroyed }
    })
  })

  it("may make undici's Agent of dodici's pools, which undici counts and forgets", async () => {
    const server = await useHttp1((_request, response) => {
      response.writeHead(200, { connection: 'close' }).end('ok')
    })
    const made: dodici.Pool[] = []
    const agent = new undici.Agent({
      factory: (origin, options) => {
        const pool = new dodici.Pool(origin, options)
        made.push(pool)
        return pool
      },
    })
    onTestFinished(() => agent.destroy())
    for (const count of [1, 2]) {
      expect((await exchange(agent, { origin: server.origin, path: '/' })).text).toBe('ok')
      await until(
        'the pool is closed behind its last connection',
        () => made.at(-1)?.closed === true,
      )
      expect(made).toHaveLength(count)
    }
  })
})

describe("a Pool's factory", () => {
  it.each([
    { keepAliveTimeout: 5, allowH2: false },
    { connections: 2, clientTtl: 500 },
  ])('gets the options %j', async (options) => {
    await onBoth(({ Pool }) => {
      const { made, given, factory } = stubs()
      const pool = new Pool('http://a.test', { ...options, factory })
      pool.dispatch({ path: '/', method: 'GET' }, new Recorder())
      // undici makes a function of it, ours leaves it as it is.
      return [made.map(({ origin }) => origin), given.map((one) => ({ ...one, connect: null }))]
    })
  })

  it('gets the connect options as an object', () => {
    const { given, factory } = stubs()
    const options = { connect: { keepAlive: false }, connectTimeout: 5, tls: { servername: 'a' } }
    const pool = new dodici.Pool('http://a.test', { ...options, factory })
    pool.dispatch({ path: '/', method: 'GET' }, new Recorder())
    expect(given[0]).toMatchObject({
      connect: { keepAlive: false, timeout: 5, servername: 'a' },
    })
  })

  it.each([5, 'x', {}, null])('must not be %j', async (factory) => {
    const outcome = await onBoth(({ Pool }) =>
      outcomeOf(() => new Pool('http://a.test', { factory } as unknown as undici.Pool.Options)),
    )
    expect(outcome).toMatchObject({ message: 'factory must be a function.' })
  })

  it.each([1, 2, undefined])('makes as many clients as are busy, up to %s', async (connections) => {
    await onBoth(({ Pool }) => {
      const { made, factory } = stubs()
      const pool = new Pool('http://a.test', {
        factory: (origin, options) => Object.assign(factory(origin, options), { more: false }),
        ...(connections !== undefined && { connections }),
      })
      const answers = Array.from({ length: 4 }, (_, index) =>
        pool.dispatch({ path: `/${index}`, method: 'GET' }, new Recorder()),
      )
      return { answers, calls: made.map(({ calls }) => calls) }
    })
  })

  async function busy({ Pool }: Library, makeClient: (origin: URL, options: object) => Dispatcher) {
    const waiting: (() => void)[] = []
    const server = await useHttp1((_request, response) => {
      waiting.push(() => response.end('ok'))
    })
    let clients = 0
    const pool = new Pool(server.origin, {
      connections: 2,
      factory: (origin, options) => {
        clients += 1
        return makeClient(origin, options)
      },
    })
    onTestFinished(() => pool.destroy())
    const drains: unknown[] = []
    listen(pool, 'drain', (origin, targets) =>
      drains.push([maskPorts(origin.origin), targets[0] === pool, targets.length]),
    )
    const recorders = Array.from({ length: 5 }, () => new Recorder())
    const answers = recorders.map((recorder) =>
      pool.dispatch({ path: '/', method: 'GET' }, recorder),
    )
    await until('two are at the server', () => waiting.length === 2)
    const { connected, pending, running, size } = pool.stats
    // They arrive in any order.
    for (const _one of recorders) {
      await until('one is at the server', () => waiting.length > 0)
      waiting.shift()?.()
    }
    await Promise.all(recorders.map(({ done }) => done))
    await until('drain', () => drains.length > 0)
    await pool.close()
    return { answers, clients, connected, pending, running, size, drains, closed: pool.destroyed }
  }

  it.each(libraries)("$name's clients over each pool: two at a time, in turn", async (made) => {
    const { Client } = made.library
    const make = (origin: URL, options: object): Dispatcher =>
      new Client(origin, { ...options, connect: {} })
    const result = await onBoth((library) => busy(library, make))
    expect(result).toMatchObject({ clients: 2, connected: 2, running: 2, pending: 3, size: 5 })
  })

  it('has a client retired if its connection could not be made', async () => {
    await onBoth(async (library) => {
      const made: Dispatcher[] = []
      const pool = new library.Pool('http://127.0.0.1:1', {
        connections: 1,
        factory: (origin, options) => {
          made.push(new library.Client(origin, options))
          return made.at(-1) as Dispatcher
        },
      })
      onTestFinished(() => pool.destroy())
      const failures: unknown[] = []
      listen(pool, 'connectionError', (_origin, targets, error) =>
        failures.push([targets.length, (error as { code?: string }).code]),
      )
      const codes: unknown[] = []
      for (const count of [1, 2]) {
        codes.push(codeOf(await exchange(pool, { path: '/' })))
        await until('it is told', () => failures.length === count)
      }
      return { codes, failures, made: made.length }
    })
  })
})
