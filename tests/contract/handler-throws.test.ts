/** What happens when a callback throws, and what a handler must look like. */
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent, useHttp1 } from '../support/fixtures.ts'
import { bodyOf } from '../support/protocols.ts'
import { exchange, requestCallbacks } from '../support/recorder.ts'
import { quiet } from '../support/wait.ts'

const throwing = requestCallbacks.filter((name) => name !== 'onResponseError')

describe('a callback that throws', () => {
  it.each(throwing)('%s fails only its own request, with the thrown error', async (name) => {
    const server = await useHttp1(async (request, response) => {
      await bodyOf(request).catch(() => {})
      response.end('answer')
    })
    const agent = await useAgent()
    const thrown = new Error(`thrown in ${name}`)
    const options = { origin: server.origin, method: 'POST', body: 'hello' }
    const neighbours = Array.from({ length: 5 }, () => exchange(agent, options))
    const recorder = await exchange(agent, options, {
      [name]: () => {
        throw thrown
      },
    })
    await recorder.seen('onResponseError')
    expect(recorder.error).toBe(thrown)
    await quiet(20)
    expect(recorder.count('onResponseError')).toBe(1)
    expect(recorder.terminalCalls).toBe(name === 'onResponseEnd' ? 2 : 1)
    expect(recorder.controller?.aborted).toBe(false)
    for (const neighbour of await Promise.all(neighbours)) expect(neighbour.text).toBe('answer')
    expect((await exchange(agent, options)).text).toBe('answer')
  })

  it('onResponseError causes an uncaught exception, and other requests go on', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const data = { origin: server.origin }
    const { code, said, stderr } = await runChild(throwInError, data)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toContain('uncaught: thrown in onResponseError')
    expect(said).toContain('ok')

    async function throwInError(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
      process.on('uncaughtException', (error) => kit.say(`uncaught: ${error.message}`))
      const agent = await kit.createAgent()
      const hook = (): void => {
        throw new Error('thrown in onResponseError')
      }
      kit.dispatch(agent, { origin: 'http://127.0.0.1:1' }, { onResponseError: hook })
      kit.say((await kit.exchange(agent, { origin })).text)
    }
  })
})

describe('dispatch() with a wrong handler', () => {
  const options = { origin: 'http://127.0.0.1:1', path: '/', method: 'GET' } as const
  const whole = (): Record<string, unknown> => ({
    onRequestStart() {},
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd() {},
    onResponseError() {},
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'handler'],
    ['a function', () => {}],
  ])('throws for %s', async (_name, handler) => {
    const agent = await useAgent()
    const call = (): unknown => agent.dispatch(options, handler as never)
    expect(call).toThrow(errors.InvalidArgumentError)
    expect(call).toThrow('handler must be an object')
  })

  it.each(['onResponseStart', 'onResponseData', 'onResponseEnd'])(
    'calls onResponseError if %s is missing',
    async (name) => {
      const agent = await useAgent()
      const seen: unknown[][] = []
      const handler = whole()
      delete handler[name]
      handler['onResponseError'] = (...args: unknown[]) => seen.push(args)
      agent.dispatch(options, handler)
      expect(seen).toHaveLength(1)
      const error = seen[0]?.[1]
      expect(error).toBeInstanceOf(errors.InvalidArgumentError)
      expect(error).toMatchObject({ message: `invalid ${name} method` })
    },
  )

  it.each(['onBodySent', 'onRequestSent'])('says that %s is not a function', async (name) => {
    const agent = await useAgent()
    let error: Error | undefined
    const handler = {
      ...whole(),
      [name]: 5,
      onResponseError: (_c: unknown, e: Error) => (error = e),
    }
    agent.dispatch(options, handler)
    expect(error?.message).toBe(`invalid ${name} method`)
  })

  it('says that onRequestUpgrade is missing for CONNECT and upgrade', async () => {
    const agent = await useAgent()
    const messages: string[] = []
    const handler = {
      ...whole(),
      onResponseError: (_controller: unknown, error: Error) => messages.push(error.message),
    } as unknown as Dispatcher.DispatchHandler
    agent.dispatch({ ...options, method: 'CONNECT', path: 'a.test:80' }, handler)
    agent.dispatch({ ...options, upgrade: 'websocket' }, handler)
    expect(messages).toEqual(Array(2).fill('invalid onRequestUpgrade method'))
  })

  it('throws if there is no onResponseError', async () => {
    const agent = await useAgent()
    const handler = whole()
    delete handler['onResponseError']
    const call = (): unknown => agent.dispatch(options, handler)
    expect(call).toThrow('invalid onResponseError method')
  })

  it('passes on an exception of onResponseError', async () => {
    const agent = await useAgent()
    const thrown = new Error('thrown in onResponseError')
    const handler = {
      ...whole(),
      onResponseError: () => {
        throw thrown
      },
    }
    const call = (): unknown => agent.dispatch({ ...options, path: 'x' }, handler)
    expect(call).toThrow(thrown)
  })
})
