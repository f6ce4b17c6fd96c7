/** Item 7: close() waits, destroy() fails running requests, and no request is accepted afterwards. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1 } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until, within } from '../support/wait.ts'

interface Gate extends ProtocolServer {
  readonly arrived: string[]
  /** Answers everything that has arrived and will arrive. */
  open(): void
}

async function useGate(protocol: Protocol): Promise<Gate> {
  const arrived: string[] = []
  const waiting: (() => void)[] = []
  let isOpen = false
  const server = await useProtocol(protocol, (request, response) => {
    arrived.push(request.url ?? '')
    const answer = (): unknown => response.end('ok')
    if (isOpen) answer()
    else waiting.push(answer)
  })
  return Object.assign(Object.create(server) as ProtocolServer, {
    arrived,
    open: () => {
      isOpen = true
      for (const answer of waiting) answer()
    },
  })
}

describe.each(protocols)('close() over %s', (protocol) => {
  it('waits for running and queued requests', async () => {
    const gate = await useGate(protocol)
    const agent = await useAgent({ connections: 1 })
    const requests = Array.from({ length: 3 }, (_value, i) =>
      dispatch(agent, { origin: gate.origin, path: `/${i}` }),
    )
    await until('one has arrived', () => gate.arrived.length > 0)
    let closed = false
    const closing = agent.close().then((value: unknown) => {
      closed = true
      return value
    })
    expect(agent.closed).toBe(true)
    expect(agent.destroyed).toBe(false)
    await quiet()
    expect(closed).toBe(false)
    gate.open()
    expect(await within('close()', closing)).toBeNull()
    for (const recorder of requests) {
      expect(recorder.text).toBe('ok')
      expect(recorder.terminalCalls).toBe(1)
    }
    expect(agent.destroyed).toBe(true)
    await until('the connections are gone', () => gate.sockets.size === 0)
  })
})

describe('close()', () => {
  it('of an unused agent ends at once', async () => {
    const agent = await useAgent()
    expect(await agent.close()).toBeNull()
    expect([agent.closed, agent.destroyed]).toEqual([true, true])
  })

  it('called again while closing ends at the same time', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    dispatch(agent, { origin: gate.origin })
    await until('it has arrived', () => gate.arrived.length === 1)
    const both = Promise.all([agent.close(), agent.close()])
    gate.open()
    expect(await both).toEqual([null, null])
  })

  it('after the end rejects with ClientDestroyedError', async () => {
    const agent = await useAgent()
    await agent.close()
    await expect(agent.close()).rejects.toBeInstanceOf(errors.ClientDestroyedError)
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    agent.close((...args: unknown[]) => resolve(args))
    expect((await promise)[0]).toBeInstanceOf(errors.ClientDestroyedError)
  })

  it('takes a callback, never called from inside', async () => {
    const agent = await useAgent()
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    let returned = false
    const result = agent.close((...args: unknown[]) => resolve([returned, ...args]))
    returned = true
    expect(result).toBeUndefined()
    expect(await promise).toEqual([true, null, null])
  })

  it('throws if the callback is not a function', async () => {
    const agent = await useAgent()
    expect(() => agent.close(5 as never)).toThrow(errors.InvalidArgumentError)
    expect(() => agent.close(5 as never)).toThrow('invalid callback')
    expect(() => agent.destroy(null, 5 as never)).toThrow('invalid callback')
    expect(agent.closed).toBe(false)
  })

  it('waits for a paused request', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent()
    const recorder = dispatch(
      agent,
      { origin: server.origin },
      { onResponseStart: (_self, controller) => controller.pause() },
    )
    await recorder.seen('onResponseStart')
    let closed = false
    const closing = agent.close().then(() => (closed = true))
    await quiet()
    expect(closed).toBe(false)
    recorder.controller?.resume()
    await closing
    expect(recorder.text).toBe('ok')
  })

  it('may be called from inside a callback', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'.repeat(100_000)))
    const agent = await useAgent()
    let closing: Promise<void> | undefined
    const recorder = await exchange(
      agent,
      { origin: server.origin },
      { onResponseData: () => (closing ??= agent.close()) },
    )
    expect(recorder.body.length).toBe(100_000)
    expect(recorder.names.at(-1)).toBe('onResponseEnd')
    expect(await within('close()', closing ?? Promise.reject(new Error('not called')))).toBeNull()
  })
})

describe.each(protocols)('destroy() over %s', (protocol) => {
  it('fails running and queued requests, each once, with the given error', async () => {
    const gate = await useGate(protocol)
    const agent = await useAgent({ connections: 1 })
    const requests = Array.from({ length: 3 }, (_value, i) =>
      dispatch(agent, { origin: gate.origin, path: `/${i}` }),
    )
    await until('one has arrived', () => gate.arrived.length > 0)
    const reason = new Error('power cut')
    const destroying = agent.destroy(reason)
    expect(agent.destroyed).toBe(true)
    expect(await within('destroy()', destroying)).toBeNull()
    for (const recorder of requests) {
      expect(recorder.error).toBe(reason)
      expect(recorder.terminalCalls).toBe(1)
    }
    await until('the connections are gone', () => gate.sockets.size === 0)
    gate.open()
    await quiet(20)
    for (const recorder of requests) expect(recorder.terminalCalls).toBe(1)
  })
})

describe('destroy()', () => {
  it('without an error gives ClientDestroyedError', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: gate.origin })
    await until('it has arrived', () => gate.arrived.length === 1)
    await agent.destroy()
    expect(recorder.error).toBeInstanceOf(errors.ClientDestroyedError)
    expect(recorder.error).toMatchObject({
      code: 'UND_ERR_DESTROYED',
      message: 'The client is destroyed',
    })
  })

  it('called again never fails, and ends at the same time', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: gate.origin })
    await until('it has arrived', () => gate.arrived.length === 1)
    const first = new Error('first')
    const all = Promise.all([agent.destroy(first), agent.destroy(new Error('second'))])
    expect(await all).toEqual([null, null])
    expect(await agent.destroy()).toBeNull()
    expect(recorder.error).toBe(first)
  })

  it('takes callbacks in both forms', async () => {
    const one = await useAgent()
    const two = await useAgent()
    const alone = Promise.withResolvers<unknown[]>()
    const withError = Promise.withResolvers<unknown[]>()
    let returned = false
    one.destroy((...args: unknown[]) => alone.resolve([returned, ...args]))
    two.destroy(new Error('x'), (...args: unknown[]) => withError.resolve([returned, ...args]))
    returned = true
    expect(await alone.promise).toEqual([true, null, null])
    expect(await withError.promise).toEqual([true, null, null])
  })

  // undici's destroy() changes nothing once close() has begun.
  it.runIf(agentKind === 'dodici')('during close() fails what close() waits for', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: gate.origin })
    await until('it has arrived', () => gate.arrived.length === 1)
    const closing = agent.close()
    const reason = new Error('out of patience')
    await agent.destroy(reason)
    expect((await recorder.done).error).toBe(reason)
    await within('close()', closing)
  })

  it('while connecting fails the request', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: gate.origin })
    const reason = new Error('too early')
    await agent.destroy(reason)
    expect(recorder.error).toBe(reason)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('may be called from inside a callback', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'.repeat(1000)))
    const agent = await useAgent()
    const reason = new Error('seen enough')
    let destroying: Promise<void> | undefined
    const recorder = await exchange(
      agent,
      { origin: server.origin },
      { onResponseStart: () => (destroying ??= agent.destroy(reason)) },
    )
    expect(recorder.error).toBe(reason)
    expect(recorder.terminalCalls).toBe(1)
    await within('destroy()', destroying ?? Promise.reject(new Error('not called')))
  })
})

describe('dispatch()', () => {
  it('after close() is refused with ClientClosedError', async () => {
    const gate = await useGate('HTTP/1.1')
    const agent = await useAgent()
    dispatch(agent, { origin: gate.origin })
    await until('it has arrived', () => gate.arrived.length === 1)
    const closing = agent.close()
    const recorder = dispatch(agent, { origin: gate.origin })
    expect(recorder.names).toEqual(['onResponseError'])
    expect(recorder.call('onResponseError')?.duringDispatch).toBe(true)
    expect(recorder.error).toBeInstanceOf(errors.ClientClosedError)
    expect(recorder.error).toMatchObject({
      code: 'UND_ERR_CLOSED',
      message: 'The client is closed',
    })
    gate.open()
    await closing
  })

  it('after destroy() is refused with ClientDestroyedError', async () => {
    const agent = await useAgent()
    await agent.destroy()
    const recorder = dispatch(agent, { origin: 'http://127.0.0.1:1' })
    expect(recorder.names).toEqual(['onResponseError'])
    expect(recorder.error).toBeInstanceOf(errors.ClientDestroyedError)
    await expect(
      agent.request({ origin: 'http://127.0.0.1:1', path: '/', method: 'GET' }),
    ).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' })
  })

  it('from inside onResponseEnd and onResponseError works', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent()
    const { promise, resolve } = Promise.withResolvers<string>()
    const third = (): void => {
      void exchange(agent, { origin: server.origin }).then((recorder) => resolve(recorder.text))
    }
    dispatch(
      agent,
      { origin: server.origin },
      {
        onResponseEnd: () => {
          dispatch(agent, { origin: 'http://127.0.0.1:1' }, { onResponseError: third })
        },
      },
    )
    expect(await within('the third', promise)).toBe('ok')
  })
})

describe('a composed agent', () => {
  it('closes, destroys and emits like the agent itself', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent()
    const composed = agent.compose((next) => (options, handler) => next(options, handler))
    const connected: unknown[] = []
    composed.on('connect', (origin: URL) => connected.push(origin.origin))
    const { body } = await composed.request({ origin: server.origin, path: '/', method: 'GET' })
    expect(await body.text()).toBe('ok')
    expect(connected).toEqual([server.origin])
    expect((composed as unknown as typeof agent).closed).toBe(false)
    await composed.close()
    expect(agent.closed).toBe(true)
    expect((composed as unknown as typeof agent).destroyed).toBe(true)
  })

  it.runIf(agentKind === 'dodici')('is disposed of by `await using`', async () => {
    const agent = await useAgent()
    await (agent as unknown as AsyncDisposable)[Symbol.asyncDispose]()
    expect(agent.destroyed).toBe(true)
  })
})
