/** BalancedPool and RoundRobinPool: the same program over undici and over dodici. */
import * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import * as dodici from '../../lib/index.ts'
import { certificates } from '../support/certificates.ts'
import { useHttp1, useTls } from '../support/fixtures.ts'
import { onBoth, ours, using } from '../support/libraries.ts'
import { exchange, Recorder } from '../support/recorder.ts'
import { stubs } from '../support/stub-dispatchers.ts'
import { until } from '../support/wait.ts'
import { maskPorts } from './normalize.ts'

function codeOf({ error }: Recorder): unknown {
  return (error as (Error & { code?: string }) | undefined)?.code
}

const get = { path: '/', method: 'GET' } as Dispatcher.DispatchOptions

describe('a BalancedPool', () => {
  const upstreams = ['http://a.test', 'http://b.test', 'http://c.test']

  // Simulates the events of an upstream's connections.
  type Happening = 'connect' | 'disconnect' | 'connectionError'

  interface Counted {
    readonly pool: undici.Pool
    sent: number
  }

  function happen(made: Counted | undefined, event: Happening, code?: string): void {
    const error = Object.assign(new Error('gone'), { code })
    const emit = made?.pool.emit as ((event: string, ...values: unknown[]) => boolean) | undefined
    emit?.call(made?.pool, event, new URL('http://x.test'), [made?.pool], error)
  }

  // Pools that count what they are to send, and send nothing.
  function counted() {
    const made: Counted[] = []
    const factory = (origin: URL): Dispatcher => {
      const one = { pool: new undici.Pool(origin), sent: 0 }
      one.pool.dispatch = () => {
        one.sent += 1
        return true
      }
      made.push(one)
      return one.pool
    }
    return { made, factory }
  }

  it.each<[string, object]>([
    ['by default', {}],
    ['with a high penalty', { errorPenalty: 60 }],
    ['with small weights', { maxWeightPerServer: 10, errorPenalty: 3 }],
  ])('chooses among its upstreams by their weights, %s', async (_name, options) => {
    const order = await onBoth(({ BalancedPool }) => {
      const { made, factory } = counted()
      const pool = new BalancedPool(upstreams, { ...options, factory })
      const chosen: number[] = []
      const play = (count: number): void => {
        for (let index = 0; index < count; index += 1) {
          const before = made.map(({ sent }) => sent)
          pool.dispatch(get, new Recorder())
          chosen.push(made.findIndex(({ sent }, at) => sent > (before[at] as number)))
        }
      }
      play(7)
      happen(made[1], 'connectionError')
      play(15)
      happen(made[1], 'connectionError')
      happen(made[2], 'disconnect', 'UND_ERR_SOCKET')
      happen(made[0], 'disconnect', 'UND_ERR_INFO')
      play(25)
      happen(made[1], 'connect')
      happen(made[2], 'connect')
      play(20)
      return chosen
    })
    expect(new Set(order)).toEqual(new Set([0, 1, 2]))
  })

  it('can add and remove upstreams', async () => {
    await onBoth(({ BalancedPool }) => {
      const pool = using(new BalancedPool('http://a.test'))
      const log: unknown[] = [pool.upstreams]
      log.push(pool.addUpstream('http://b.test') === pool, pool.upstreams)
      log.push(pool.addUpstream(new URL('http://b.test/')).upstreams)
      const one = pool.getUpstream('http://b.test')
      log.push(one === pool.getUpstream(new URL('http://b.test')), one?.closed)
      log.push(pool.removeUpstream('http://b.test') === pool, pool.upstreams, one?.closed)
      log.push(pool.removeUpstream('http://c.test').upstreams, pool.getUpstream('http://c.test'))
      for (const wrong of ['', 'ftp://a.test', 'http://a.test/x', null]) {
        try {
          pool.addUpstream(wrong as string)
        } catch (error) {
          log.push((error as Error).message)
        }
      }
      return log
    })
  })

  it('has pools of ours', () => {
    const pool = using(new ours.BalancedPool('http://a.test'))
    expect(pool.getUpstream('http://a.test')).toBeInstanceOf(dodici.Pool)
    expect(pool).toBeInstanceOf(undici.BalancedPool)
  })

  it('without an upstream reports that', async () => {
    const codes = await onBoth(({ BalancedPool }) => {
      const recorder = new Recorder()
      const more = using(new BalancedPool([])).dispatch(get, recorder)
      return [more, codeOf(recorder)]
    })
    expect(codes).toEqual([false, 'UND_ERR_BPL_MISSING_UPSTREAM'])
  })

  it('uses the upstreams that answer, and reports the others', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map((name) => useHttp1((_request, response) => void response.end(name))),
    )
    const dead = 'http://127.0.0.1:1'
    await onBoth(async ({ BalancedPool }) => {
      const pool = using(new BalancedPool([...servers.map(({ origin }) => origin), dead]))
      const errors: unknown[] = []
      pool.on('connectionError', (origin, targets, { code }: Error & { code?: string }) => {
        errors.push([maskPorts(origin.origin), targets[0] === pool, targets[1] !== pool, code])
      })
      const texts: unknown[] = []
      for (let count = 0; count < 12; count += 1) {
        const recorder = await exchange(pool, { path: '/' })
        texts.push(recorder.text || codeOf(recorder))
      }
      const { connected, running, pending } = (pool as unknown as undici.Pool).stats
      await pool.close()
      return { texts, errors, connected, running, pending, ends: [pool.closed, pool.destroyed] }
    })
  })

  it('waits when all are busy, and emits drain', async () => {
    const waiting: (() => void)[] = []
    const server = await useHttp1((_request, response) => {
      waiting.push(() => response.end('ok'))
    })
    await onBoth(async ({ BalancedPool }) => {
      waiting.length = 0
      const pool = using(new BalancedPool(server.origin, { connections: 1 }))
      const drains: unknown[] = []
      pool.on('drain', (...args: unknown[]) => {
        drains.push((args[1] as readonly unknown[])[0] === pool)
      })
      const recorders = [new Recorder(), new Recorder(), new Recorder()]
      const answers = recorders.map((recorder) => pool.dispatch(get, recorder))
      const texts: string[] = []
      for (const recorder of recorders) {
        await until('one is at the server', () => waiting.length > 0)
        waiting.shift()?.()
        texts.push((await recorder.done).text)
      }
      await until('drain', () => drains.length > 0)
      return { answers, texts, drains }
    })
  })

  it('answers request(), fetch() with a dispatcher, and a composed one', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    await onBoth(async ({ BalancedPool, fetch, interceptors }) => {
      const pool = using(new BalancedPool(server.origin))
      const { body } = await pool.request({ path: '/request', method: 'GET' })
      const fetched = await fetch(`${server.origin}/fetch`, { dispatcher: pool })
      const retrying = pool.compose(interceptors.retry())
      const again = await retrying.request({ path: '/retry', method: 'GET' })
      return [await body.text(), await fetched.text(), await again.body.text()]
    })
  })

  it("of ours takes legacy handlers: Node's own fetch", async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    for (const dispatcher of [
      using(new ours.BalancedPool(server.origin)),
      using(new ours.RoundRobinPool(server.origin)),
    ]) {
      const response = await fetch(`${server.origin}/node`, { dispatcher } as object)
      expect(await response.text()).toBe('/node')
    }
  })
})

describe('a RoundRobinPool', () => {
  it('uses its clients in turns, and skips busy ones', async () => {
    const order = await onBoth(({ RoundRobinPool }) => {
      const { made, factory } = stubs()
      const pool = new RoundRobinPool('http://a.test', { connections: 3, factory })
      const chosen: unknown[] = []
      const play = (): void => {
        const before = made.map(({ calls }) => calls.length)
        const more = pool.dispatch(get, new Recorder())
        const at = made.findIndex(({ calls }, index) => calls.length > (before[index] ?? 0))
        chosen.push([at, more])
      }
      play()
      for (const busy of [0, 1, 2]) {
        const stub = made[busy]
        if (stub !== undefined) stub.more = false
        play()
        play()
      }
      return { chosen, made: made.length }
    })
    expect(order).toMatchObject({ made: 3 })
  })

  it.each(['http', 'https'])('spreads %s requests over its connections', async (scheme) => {
    const ports: (number | undefined)[] = []
    const waiting: (() => void)[] = []
    const server =
      scheme === 'http'
        ? await useHttp1((request, response) => {
            ports.push(request.socket.remotePort)
            waiting.push(() => response.end('ok'))
          })
        : await useTls({
            protocols: 'h1',
            onRequest: (request, response) => {
              ports.push(request.socket.remotePort)
              waiting.push(() => response.end('ok'))
            },
          })
    await onBoth(async ({ RoundRobinPool }) => {
      ports.length = 0
      waiting.length = 0
      const connect = { ca: certificates().ca }
      const pool = using(new RoundRobinPool(server.origin, { connections: 3, connect }))
      const sent = Array.from({ length: 3 }, () => exchange(pool, { path: '/' }))
      await until('three are at the server', () => waiting.length === 3)
      for (const answer of waiting.splice(0)) answer()
      const texts = (await Promise.all(sent)).map(({ text }) => text)
      const first = [...ports]
      ports.length = 0
      for (let count = 0; count < 6; count += 1) {
        const one = exchange(pool, { path: '/' })
        await until('one is at the server', () => waiting.length === 1)
        waiting.shift()?.()
        await one
      }
      const turns = ports.map((port) => first.indexOf(port))
      const isRound = turns.slice(0, 3).every((turn, index) => turn === turns[index + 3])
      await pool.close()
      // undici's clients over TLS wait for each other's protocol, so the first three are in any order.
      return {
        texts,
        connections: new Set(first).size,
        isRound: scheme === 'https' || isRound,
        all: new Set(turns).size,
      }
    })
  })

  it('counts, closes and is destroyed', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    await onBoth(async ({ RoundRobinPool }) => {
      const pool = using(new RoundRobinPool(server.origin, { connections: 2 }))
      await exchange(pool, { path: '/' })
      const { connected, running, pending, size } = pool.stats
      const closing = pool.close()
      const refused = await exchange(pool, { path: '/' })
      await closing
      const lost = using(new RoundRobinPool('http://127.0.0.1:1'))
      const errors = [codeOf(await exchange(lost, { path: '/' })), codeOf(refused)]
      return { connected, running, pending, size, errors, ends: [pool.closed, pool.destroyed] }
    })
  })
})
