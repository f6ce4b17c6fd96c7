import { Dispatcher } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { clients } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

/** Answers everything at once, and notes how it is ended. */
class Stub extends Dispatcher {
  readonly calls: string[] = []
  readonly origin: unknown

  constructor(origin: unknown) {
    super()
    this.origin = origin
  }

  override dispatch(
    opts: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.calls.push(`${opts.method} ${opts.path}`)
    handler.onResponseError?.(null as never, new Error('stub'))
    return false
  }

  override close(): Promise<void> {
    this.calls.push('close')
    return Promise.resolve()
  }

  override destroy(error?: unknown): Promise<void> {
    this.calls.push(`destroy ${(error as Error).message}`)
    return Promise.resolve()
  }
}

function agentOfStubs(options: object = {}) {
  const stubs: Stub[] = []
  const factory = vi.fn<(origin: string | URL) => Stub>((origin) => {
    const stub = new Stub(origin)
    stubs.push(stub)
    return stub
  })
  return { agent: new Agent({ ...options, factory }), stubs, factory }
}

describe('the factory option', () => {
  it('makes a dispatcher for each origin, once, and native is not asked', () => {
    const { agent, stubs, factory } = agentOfStubs({ connections: 3 })
    const handler = new Recorder()
    expect(agent.dispatch({ origin: 'http://a.test', path: '/1', method: 'GET' }, handler)).toBe(
      false,
    )
    agent.dispatch({ origin: 'http://a.test/', path: '/2', method: 'PUT' }, new Recorder())
    agent.dispatch({ origin: 'http://b.test', path: '/3', method: 'GET' }, new Recorder())
    expect(stubs.map(({ calls }) => calls)).toEqual([['GET /1', 'PUT /2'], ['GET /3']])
    expect(handler.error).toMatchObject({ message: 'stub' })
    expect(factory.mock.calls[0]).toEqual(['http://a.test', { connections: 3 }])
    expect(clients).toEqual([])
  })

  it('still checks origins, and their number', () => {
    const { agent } = agentOfStubs({ maxOrigins: 1 })
    const get = { path: '/', method: 'GET' } as const
    const handlers = ['nonsense', 'http://a.test', 'http://b.test'].map((origin) => {
      const handler = new Recorder()
      agent.dispatch({ ...get, origin }, handler)
      return handler
    })
    expect(handlers.map(({ error }) => (error as { code?: string }).code)).toEqual([
      'ERR_INVALID_URL',
      undefined,
      'UND_ERR_MAX_ORIGINS_REACHED',
    ])
  })

  it('forwards events, itself first among the targets', () => {
    const { agent, stubs } = agentOfStubs()
    agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, new Recorder())
    const seen: unknown[] = []
    agent.on('disconnect', (...args: unknown[]) => seen.push(args))
    const error = new Error('gone')
    const url = new URL('http://a.test')
    stubs[0]?.emit('disconnect', url, [stubs[0]], error as never)
    expect(seen).toEqual([[url, [agent, stubs[0]], error]])
  })

  it('closes and destroys what was made', async () => {
    const closed = agentOfStubs()
    closed.agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, new Recorder())
    await closed.agent.close()
    expect(closed.stubs[0]?.calls.slice(1)).toEqual(['close', 'destroy The client is destroyed'])

    const destroyed = agentOfStubs()
    destroyed.agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, new Recorder())
    await destroyed.agent.destroy(new Error('mine'))
    expect(destroyed.stubs[0]?.calls.slice(1)).toEqual(['destroy mine'])
  })
})
