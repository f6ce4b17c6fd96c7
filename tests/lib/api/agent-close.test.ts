import { errors } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { client, clients } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { look, refusal, thrown } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
const closedError = {
  name: 'ClientClosedError',
  code: 'UND_ERR_CLOSED',
  message: 'The client is closed',
}
const destroyedError = {
  name: 'ClientDestroyedError',
  code: 'UND_ERR_DESTROYED',
  message: 'The client is destroyed',
}

function start(agent: Agent, handler = new Recorder()): Recorder {
  agent.dispatch(get, handler)
  return handler
}

/** Whether `promise` is settled after everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const done = (): void => void (settled = true)
  promise.then(done, done)
  await new Promise((resolve) => setTimeout(resolve, 5))
  return settled
}

describe('Agent.close()', () => {
  it('resolves with null at once when there is nothing to wait for', async () => {
    const agent = new Agent()
    const closing = agent.close()
    expect([agent.closed, agent.destroyed]).toEqual([true, false])
    expect(await closing).toBeNull()
    expect([agent.closed, agent.destroyed]).toEqual([true, true])
  })

  it('waits for requests in flight, which end as usual, then for the sockets', async () => {
    const agent = new Agent()
    const handler = start(agent)
    const native = client()
    native.holdsLoops = true
    const closing = agent.close()
    expect(await isSettled(closing)).toBe(false)
    native.batch((b) => b.response(1, 'all'))
    expect(handler.names.at(-1)).toBe('onResponseEnd')
    expect(await isSettled(closing)).toBe(false)
    expect(native.calls).toEqual(['destroy'])
    native.closeLoops()
    expect(await closing).toBeNull()
  })

  it('waits for a request whose end is delayed by a pause', async () => {
    const agent = new Agent()
    const handler = start(agent, new Recorder({ onResponseStart: (c) => c.pause() }))
    const closing = agent.close()
    client().batch((b) => b.response(1, 'all'))
    expect(await isSettled(closing)).toBe(false)
    handler.controller?.resume()
    expect(await closing).toBeNull()
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it('waits for an aborted request until native has ended it', async () => {
    const agent = new Agent()
    const handler = start(agent)
    const closing = agent.close()
    handler.controller?.abort(new Error('no'))
    expect(await isSettled(closing)).toBe(false)
    client().batch((b) => b.failed(1, 'aborted'))
    expect(await closing).toBeNull()
  })

  it('refuses new requests', () => {
    const agent = new Agent()
    start(agent)
    void agent.close()
    expect(refusal(agent, get)).toEqual(closedError)
    const handler = new Recorder()
    expect(agent.dispatch(get, handler)).toBe(false)
    expect(handler.controller).toBeNull()
  })

  it('joins a close() under way, and rejects once that is done', async () => {
    const agent = new Agent()
    await Promise.all([agent.close(), agent.close()])
    expect(look(await agent.close().catch((error: unknown) => error))).toEqual(destroyedError)
  })

  it('rejects after destroy()', async () => {
    const agent = new Agent()
    void agent.destroy()
    await expect(agent.close()).rejects.toBeInstanceOf(errors.ClientDestroyedError)
  })

  it('resolves when destroy() cuts it short', async () => {
    const agent = new Agent()
    start(agent)
    const closing = agent.close()
    void agent.destroy()
    expect(await closing).toBeNull()
  })

  it('may be called from inside a callback', async () => {
    const agent = new Agent()
    let closing: Promise<void> | undefined
    const handler = new Recorder({ onResponseData: () => (closing = agent.close()) })
    start(agent, handler)
    client().batch((b) => b.response(1, 'all'))
    expect(await closing).toBeNull()
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it('takes a callback, called later with two nulls', async () => {
    const agent = new Agent()
    const args = await new Promise((resolve) => {
      let isLater = false
      expect(
        agent.close(((...values: unknown[]) => resolve([isLater, ...values])) as () => void),
      ).toBeUndefined()
      isLater = true
    })
    expect(args).toEqual([true, null, null])
    const late = await new Promise((resolve) => agent.close(resolve as () => void))
    expect(look(late)).toEqual(destroyedError)
  })

  it('is called at the end of `await using`', async () => {
    const agent = new Agent()
    {
      await using same = agent
      start(same)
      client().batch((b) => b.response(1))
    }
    expect(agent.destroyed).toBe(true)
  })
})

describe('Agent.destroy()', () => {
  it('fails the requests in flight, but not from inside the call, and closes only their connections', async () => {
    const agent = new Agent()
    const handler = start(agent)
    const destroying = agent.destroy()
    expect([agent.closed, agent.destroyed]).toEqual([false, true])
    expect(handler.names).toEqual(['onRequestStart'])
    expect(await destroying).toBeNull()
    expect(look(handler.error)).toEqual(destroyedError)
    expect(client().calls).toContain('destroy')
  })

  it('fails with the given error, by identity; the first one wins', async () => {
    const agent = new Agent()
    const handlers = [start(agent), start(agent)]
    const error = new Error('mine')
    await Promise.all([agent.destroy(error), agent.destroy(new Error('late'))])
    expect(handlers.map(({ error }) => error)).toEqual([error, error])
    expect(handlers[0]?.error).toBe(error)
  })

  it('fails paused requests too, and drops the data held back for them', async () => {
    const agent = new Agent()
    const handler = start(agent, new Recorder({ onResponseStart: (c) => c.pause() }))
    client().batch((b) => b.response(1, 'all'))
    handler.controller?.resume()
    const destroying = agent.destroy()
    await destroying
    expect(handler.names.slice(-2)).toEqual(['onResponseStart', 'onResponseError'])
  })

  it('resolves only when all loops have closed, of http and https both', async () => {
    const agent = new Agent({ connect: { ca: 'PEM' } })
    start(agent)
    agent.dispatch({ ...get, origin: 'https://a.test' }, new Recorder())
    const [plain, tls] = clients.slice(-2)
    for (const native of [plain, tls]) {
      Object.assign(native as object, { holdsLoops: true })
    }
    const destroying = agent.destroy()
    plain?.closeLoops()
    expect(await isSettled(destroying)).toBe(false)
    tls?.closeLoops()
    expect(await destroying).toBeNull()
  })

  it('resolves again on every further call', async () => {
    const agent = new Agent()
    await agent.destroy()
    expect(await agent.destroy()).toBeNull()
  })

  it('refuses new requests', () => {
    const agent = new Agent()
    void agent.close()
    void agent.destroy()
    expect(refusal(agent, get)).toEqual(destroyedError)
  })

  it('from inside onRequestStart keeps the request from being sent', async () => {
    const agent = new Agent()
    const handler = new Recorder({ onRequestStart: () => void agent.destroy() })
    start(agent, handler)
    await agent.destroy()
    expect(client().submitted).toEqual([])
    expect(handler.names).toEqual(['onRequestStart', 'onResponseError'])
  })

  it('from inside a callback fails the request after that callback', async () => {
    const agent = new Agent()
    let depth = 0
    const handler = new Recorder({
      onResponseData: () => {
        depth++
        void agent.destroy()
        depth--
      },
      onResponseError: () => expect(depth).toBe(0),
    })
    start(agent, handler)
    client().batch((b) => b.head(1).data(1, 'a'))
    await agent.destroy()
    expect(handler.names.at(-1)).toBe('onResponseError')
  })

  it.each([
    ['(callback)', (agent: Agent, done: () => void) => agent.destroy(done)],
    ['(null, callback)', (agent: Agent, done: () => void) => agent.destroy(null, done)],
    ['(error, callback)', (agent: Agent, done: () => void) => agent.destroy(new Error('x'), done)],
  ])('takes %s, called with two nulls', async (_, destroy) => {
    const agent = new Agent()
    const args = await new Promise((resolve) => {
      expect(destroy(agent, (...values: unknown[]) => resolve(values))).toBeUndefined()
    })
    expect(args).toEqual([null, null])
  })
})

describe('a callback that is not a function', () => {
  const error = {
    name: 'InvalidArgumentError',
    code: 'UND_ERR_INVALID_ARG',
    message: 'invalid callback',
  }

  it.each([
    ['close(5)', (agent: Agent) => agent.close(5 as never)],
    ['destroy(null, 5)', (agent: Agent) => agent.destroy(null, 5 as never)],
  ])('is refused by %s, and nothing happens', (_, call) => {
    const agent = new Agent()
    expect(thrown(() => call(agent))).toEqual(error)
    expect([agent.closed, agent.destroyed]).toEqual([false, false])
  })
})

describe('the signal of an Agent', () => {
  const reason = new Error('shutdown')

  it('fails the requests in flight with its reason when it aborts', async () => {
    const controller = new AbortController()
    const agent = new Agent({ signal: controller.signal })
    const handler = start(agent)
    controller.abort(reason)
    expect(agent.destroyed).toBe(true)
    await agent.destroy()
    expect(handler.error).toBe(reason)
    expect(client().calls).toContain('destroy')
  })

  it('refuses new requests when it has aborted, even before the Agent was made', () => {
    const agent = new Agent({ signal: AbortSignal.abort(reason) })
    expect(refusal(agent, get)).toEqual(destroyedError)
  })

  it.each([
    ['close()', (agent: Agent) => agent.close()],
    ['destroy()', (agent: Agent) => agent.destroy()],
  ])('is released by %s', async (_, end) => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const agent = new Agent({ signal })
    await end(agent)
    expect(remove.mock.calls[0]?.slice(0, 2)).toEqual(add.mock.calls[0]?.slice(0, 2))
  })
})
