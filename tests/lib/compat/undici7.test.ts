import * as undici7 from 'undici7'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import * as dodici from '../../../lib/index.ts'
import { Errc } from '../../../lib/native/contract.ts'
import { client, type Submitted } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'

// The whole of lib/ over undici 7 as the peer.
vi.mock('undici/index.js', () => import('undici7'))
vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/x', method: 'GET' } as const

function answer(): void {
  setImmediate(() => {
    const { id, target } = client().submitted.at(-1) as Submitted
    client().batch((b) => b.response(id, target, { headers: [['X-A', '1']] }))
  })
}

describe('with undici 7 as the peer, the package', () => {
  it('has every name of that undici; a class that it lacks says so when constructed', () => {
    const names = Object.keys(undici7).filter(
      (name) => !['default', 'module.exports'].includes(name),
    )
    expect(names.filter((name) => !(name in dodici))).toEqual([])
    expect(() => new dodici.Dispatcher1Wrapper(new Agent())).toThrow(
      'the installed undici has no Dispatcher1Wrapper',
    )
  })
})

describe('with undici 7 as the peer, an Agent', () => {
  it('is a Dispatcher of that undici, which its errors come from', () => {
    const agent = new Agent()
    expect(agent).toBeInstanceOf(undici7.Dispatcher)
    expect(() => new Agent({ connections: -1 })).toThrow(undici7.errors.InvalidArgumentError)
  })

  it('accepts modern handlers', () => {
    const handler = new Recorder()
    new Agent().dispatch(get, handler)
    client().batch((b) => b.response(1, 'abc'))
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it('has a request() method, which works', async () => {
    const request = new Agent().request(get)
    answer()
    const { statusCode, headers, body } = await request
    expect([statusCode, headers, await body.text()]).toEqual([200, { 'x-a': '1' }, '/x'])
  })

  it('serves that undici\u2019s fetch, as the global dispatcher', async () => {
    dodici.setGlobalDispatcher(new Agent())
    const response = dodici.fetch('http://a.test/x')
    await vi.waitFor(() => expect(client().submitted).toHaveLength(1))
    answer()
    expect(await (await response).text()).toBe('/x')
  })

  it('goes through that undici\u2019s interceptors', async () => {
    const agent = new Agent()
    const composed = agent.compose(undici7.interceptors.dump() as never)
    const request = composed.request(get)
    answer()
    expect((await request).statusCode).toBe(200)
  })

  it('refuses, closes and destroys', async () => {
    const agent = new Agent()
    const request = agent.request(get)
    await agent.destroy()
    await expect(request).rejects.toBeInstanceOf(undici7.errors.ClientDestroyedError)
    await expect(agent.request(get)).rejects.toBeInstanceOf(undici7.errors.ClientDestroyedError)
    await expect(agent.close()).rejects.toBeInstanceOf(undici7.errors.ClientDestroyedError)
  })

  it('limits origins', () => {
    const agent = new Agent({ maxOrigins: 1 })
    agent.dispatch(get, new Recorder())
    const second = new Recorder()
    agent.dispatch({ ...get, origin: 'http://b.test' }, second)
    expect(second.error).toMatchObject({ code: 'UND_ERR_MAX_ORIGINS_REACHED' })
  })
})

describe('with undici 7 as the peer, a failure', () => {
  it.each(Object.keys(Errc) as (keyof typeof Errc)[])(
    '%s ends its request with an error',
    (code) => {
      const agent = new Agent()
      const own = new Recorder()
      const other = new Recorder()
      agent.dispatch(get, own)
      agent.dispatch(get, other)
      client().batch((b) => b.failed(1, code, 1).response(2, 'mine'))
      expect(own.names.at(-1)).toBe('onResponseError')
      expect(own.error).toBeInstanceOf(Error)
      expect(own.error).not.toBeInstanceOf(TypeError)
      expect(other.names.at(-1)).toBe('onResponseEnd')
    },
  )
})

describe('with undici 7 as the peer, an interceptor', () => {
  it.each([
    ['undici 7', undici7.request],
    ['dodici', dodici.request],
  ] as const)(
    'sees the dispatcher that the request() of %s was made with',
    async (_of, request) => {
      const seen: unknown[] = []
      const composed = new Agent().compose((dispatch) => (options, handler) => {
        seen.push((options as { dispatcher?: unknown }).dispatcher)
        return dispatch(options, handler)
      })
      const requested = request('http://a.test/x', { dispatcher: composed as never })
      answer()
      expect(await (await requested).body.text()).toBe('/x')
      expect(seen).toEqual([composed])
    },
  )
})

describe('dodici', () => {
  it('exports what undici 7 has too', () => {
    const missing = Object.entries(dodici).filter(([, value]) => value === undefined)
    expect(missing).toEqual([])
  })
})

describe('with undici 7 as the peer, MockAgent', () => {
  it('answers in front of our Agent, and lets the rest through it', async () => {
    const agent = new Agent()
    const mock = new undici7.MockAgent({ agent: agent as never })
    mock.get('http://a.test').intercept({ path: '/mocked' }).reply(200, 'mocked')
    const mocked = await undici7.request('http://a.test/mocked', { dispatcher: mock })
    expect(await mocked.body.text()).toBe('mocked')
    const real = undici7.request('http://a.test/real', { dispatcher: mock })
    answer()
    expect(await (await real).body.text()).toBe('/real')
    mock.disableNetConnect()
    await expect(undici7.request('http://a.test/no', { dispatcher: mock })).rejects.toThrow(
      'net.connect disabled',
    )
  })
})

describe('with undici 7 as the peer, pools of ours', () => {
  it('are counted by its BalancedPool', () => {
    const pool = new dodici.BalancedPool(['http://a.test', 'http://b.test'])
    expect(pool).toBeInstanceOf(undici7.BalancedPool)
    expect(pool.upstreams).toEqual(['http://a.test', 'http://b.test'])
    expect(pool.getUpstream('http://b.test')).toBeInstanceOf(dodici.Pool)
  })

  it('are made by a factory of an Agent', () => {
    const made: string[] = []
    const agent = new Agent({
      factory: (origin, options) => {
        made.push(String(origin))
        return new dodici.Pool(origin, options)
      },
    })
    agent.dispatch(get, new Recorder())
    agent.dispatch(get, new Recorder())
    expect(made).toEqual(['http://a.test'])
    expect(agent.stats['http://a.test']).toMatchObject({ running: 2 })
  })
})
