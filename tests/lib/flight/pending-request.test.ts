import { errors } from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import type { Controller } from '../../../lib/compat/handler.ts'
import { dispatch, pause } from '../support/dispatching.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { look } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

describe('controller.abort()', () => {
  it.each([
    ['an Error', new Error('why')],
    ['a string', 'why'],
    ['a DOMException', new DOMException('why', 'AbortError')],
  ])('delivers %s by identity, at once, and cancels', (_, reason) => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    controller.abort(reason as Error)
    expect(handler.names).toEqual(['onRequestStart', 'onResponseError'])
    expect(handler.error).toBe(reason)
    expect(controller).toMatchObject({ aborted: true, reason })
    expect(client().calls).toEqual(['cancel 1'])
  })

  it.each([[undefined], [null]])('without a reason (%s) makes undici\u2019s error', (reason) => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    controller.abort(reason as never)
    expect(handler.error).toBeInstanceOf(errors.RequestAbortedError)
    expect(look(handler.error)).toEqual({
      name: 'AbortError',
      code: 'UND_ERR_ABORTED',
      message: 'Request aborted',
    })
    expect(controller.reason).toBe(reason)
  })

  it('in onRequestStart keeps the request from being sent', () => {
    const handler = new Recorder({ onRequestStart: (c) => c.abort(new Error('no')) })
    dispatch(handler)
    expect(handler.names).toEqual(['onRequestStart', 'onResponseError'])
    expect(client().submitted).toEqual([])
    expect(client().calls).toEqual([])
  })

  it.each(['onResponseStarted', 'onResponseStart', 'onResponseData', 'onRequestSent'] as const)(
    'in %s is the last thing that the handler hears of',
    (name) => {
      const handler = new Recorder({ [name]: (c: Controller) => c.abort(new Error('no')) })
      dispatch(handler)
      client().batch((b) => b.sent(1).head(1).data(1, 'a').data(1, 'b').end(1))
      expect(handler.names.slice(-2)).toEqual([name, 'onResponseError'])
      expect(client().calls).toEqual(['cancel 1'])
    },
  )

  it('drops what native still sends for this request, and nothing of other requests', () => {
    const agent = new Agent()
    const aborted = new Recorder()
    const other = new Recorder()
    dispatch(aborted, {}, agent).abort(new Error('no'))
    dispatch(other, {}, agent)
    client().batch((b) =>
      b
        .sent(1)
        .head(1, { headers: [['a', 'of the first']], statusText: 'Skipped' })
        .head(2, { headers: [['a', 'of the second']] })
        .data(1, 'first')
        .data(2, 'second')
        .end(1, [['t', '1']])
        .end(2, [['t', '2']]),
    )
    expect(aborted.names).toEqual(['onRequestStart', 'onResponseError'])
    expect(other.calls.slice(2)).toEqual([
      ['onResponseStart', 200, { a: 'of the second' }, 'OK'],
      ['onResponseData', 'second'],
      ['onResponseEnd', { t: '2' }],
    ])
  })

  it('twice, or after the end, calls nothing', () => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    controller.abort(new Error('first'))
    controller.abort(new Error('second'))
    expect(handler.error).toMatchObject({ message: 'first' })
    expect(controller.reason).toMatchObject({ message: 'first' })

    const ended = new Recorder()
    const late = dispatch(ended)
    client().batch((b) => b.response(1))
    const calls = ended.calls.length
    late.abort(new Error('late'))
    expect(ended.calls).toHaveLength(calls)
    expect(late.aborted).toBe(true)
    expect(client().calls).toEqual([])
  })

  it('is not recorded when a request fails by itself', () => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    client().batch((b) => b.failed(1, 'socketClosed'))
    expect(controller).toMatchObject({ aborted: false, reason: null })
  })
})

describe('controller.pause()', () => {
  it('in onResponseStart lets no data through until resume()', async () => {
    const handler = new Recorder({ onResponseStart: pause })
    const controller = dispatch(handler)
    client().batch((b) => b.head(1).data(1, 'a').block(1, 'b').end(1))
    expect(handler.names.at(-1)).toBe('onResponseStart')
    expect(controller.paused).toBe(true)
    expect(client().calls).toEqual(['pause 1'])

    controller.resume()
    expect(handler.names.at(-1)).toBe('onResponseStart')
    await Promise.resolve()
    expect(handler.calls.slice(-3)).toEqual([
      ['onResponseData', 'a'],
      ['onResponseData', 'b'],
      ['onResponseEnd', {}],
    ])
  })

  it('on the last chunk holds back the end', async () => {
    const handler = new Recorder({ onResponseData: pause })
    const controller = dispatch(handler)
    client().batch((b) => b.response(1, 'all'))
    expect(handler.names.at(-1)).toBe('onResponseData')
    controller.resume()
    await Promise.resolve()
    expect(handler.names.at(-1)).toBe('onResponseEnd')
  })

  it('at every chunk delivers one chunk per resume(), in order, and native resumes only afterwards', async () => {
    const handler = new Recorder({ onResponseData: pause })
    const controller = dispatch(handler)
    client().batch((b) => b.head(1).data(1, '1').data(1, '2').data(1, '3'))
    expect(handler.body).toBe('1')
    controller.resume()
    await Promise.resolve()
    expect(handler.body).toBe('12')
    client().batch((b) => b.data(1, '4'))
    controller.resume()
    await Promise.resolve()
    expect(handler.body).toBe('123')
    expect(client().calls).toEqual(['pause 1'])
    controller.resume()
    await Promise.resolve()
    expect(handler.body).toBe('1234')
    controller.resume()
    expect(client().calls).toEqual(['pause 1', 'resume 1'])
  })

  it('before the head lets the head through, and no data', () => {
    const handler = new Recorder({ onRequestStart: pause })
    dispatch(handler)
    expect(client().calls).toEqual(['pause 1'])
    client().batch((b) => b.head(1, { status: 103 }).head(1).data(1, 'a'))
    expect(handler.names.filter((name) => name === 'onResponseStart')).toHaveLength(2)
    expect(handler.body).toBe('')
  })

  it('and resume() within one callback change nothing', () => {
    const both = (c: Controller): void => {
      c.pause()
      c.resume()
    }
    const handler = new Recorder({ onResponseStart: both, onResponseData: both })
    dispatch(handler)
    client().batch((b) => b.response(1, 'a'))
    expect(handler.names.slice(-3)).toEqual(['onResponseStart', 'onResponseData', 'onResponseEnd'])
  })

  it('twice, and resume() without it, do nothing', () => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    controller.resume()
    expect(client().calls).toEqual([])
    controller.pause()
    controller.pause()
    controller.resume()
    controller.resume()
    expect(client().calls).toEqual(['pause 1', 'resume 1'])
  })

  it('keeps new data behind data that waits for its resume', async () => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    client().batch((b) => b.head(1))
    controller.pause()
    client().batch((b) => b.data(1, 'a'))
    controller.resume()
    client().batch((b) => b.data(1, 'b'))
    expect(handler.body).toBe('')
    await Promise.resolve()
    expect(handler.body).toBe('ab')
  })

  it.each(['socketError', 'bodyTimeout', 'streamReset'] as const)(
    'does not hold back a failure (%s), and what was held back is lost',
    async (code) => {
      const handler = new Recorder({ onResponseStart: pause })
      dispatch(handler)
      client().batch((b) => b.head(1).data(1, 'a').failed(1, code))
      await new Promise(setImmediate)
      expect(handler.names.slice(-2)).toEqual(['onResponseStart', 'onResponseError'])
    },
  )

  it.each(['socketClosed', 'lengthMismatch'] as const)(
    'holds back the peer\u2019s premature end (%s) behind the data before it',
    async (code) => {
      const handler = new Recorder({ onResponseStart: pause })
      const controller = dispatch(handler)
      client().batch((b) => b.head(1).data(1, 'a').failed(1, code))
      expect(handler.names.at(-1)).toBe('onResponseStart')
      controller.resume()
      await Promise.resolve()
      expect(handler.names.slice(-2)).toEqual(['onResponseData', 'onResponseError'])
    },
  )

  it('gives code that awaits the head time to add listeners before an error of the same batch', async () => {
    const handler = new Recorder()
    dispatch(handler)
    client().batch((b) => b.head(1).data(1, 'a').failed(1, 'socketClosed'))
    await Promise.resolve()
    expect(handler.names.at(-1)).toBe('onResponseData')
    await new Promise(setImmediate)
    expect(handler.names.at(-1)).toBe('onResponseError')
  })

  it('may be aborted before an error that waits', async () => {
    const handler = new Recorder()
    const controller = dispatch(handler)
    client().batch((b) => b.head(1).failed(1, 'socketClosed'))
    const reason = new Error('enough')
    controller.abort(reason)
    expect(handler.error).toBe(reason)
    await new Promise(setImmediate)
    expect(handler.names.filter((name) => name === 'onResponseError')).toHaveLength(1)
  })

  it('does not reach native once native has ended the request', () => {
    const handler = new Recorder({ onResponseStart: pause })
    const controller = dispatch(handler)
    client().batch((b) => b.response(1, 'a'))
    controller.resume()
    controller.pause()
    controller.abort(new Error('no'))
    expect(client().calls).toEqual(['pause 1'])
    expect(handler.error).toMatchObject({ message: 'no' })
  })

  it('is followed by abort() as usual', async () => {
    const handler = new Recorder({ onResponseStart: pause })
    const controller = dispatch(handler)
    client().batch((b) => b.head(1).data(1, 'a'))
    controller.resume()
    controller.abort(new Error('no'))
    await Promise.resolve()
    expect(handler.names.slice(-2)).toEqual(['onResponseStart', 'onResponseError'])
  })
})

describe('a request', () => {
  afterEach(() => vi.restoreAllMocks())

  it('has one controller in all calls, which the handler may add to', () => {
    const seen = new Set<unknown>()
    const handler = new Recorder()
    const original = handler.onResponseStart.bind(handler)
    handler.onResponseStart = (controller, ...rest) => {
      seen.add(controller)
      original(controller, ...rest)
    }
    const controller = dispatch(handler)
    Object.assign(controller, { mine: 1 })
    client().batch((b) => b.head(1))
    expect([...seen]).toEqual([controller])
    expect(controller).toHaveProperty('mine', 1)
  })

  it('that native refuses to take fails, and its id is free again', () => {
    const agent = new Agent()
    dispatch(new Recorder(), {}, agent)
    const native = client()
    native.batch((b) => b.response(1))
    const boom = new Error('boom')
    vi.spyOn(native, 'submit').mockImplementationOnce(() => {
      throw boom
    })
    const handler = new Recorder()
    dispatch(handler, {}, agent)
    expect(handler.names).toEqual(['onRequestStart', 'onResponseError'])
    expect(handler.error).toBe(boom)
    dispatch(new Recorder(), {}, agent)
    expect(native.submitted.map(({ id }) => id)).toEqual([1, 1])
    expect(native.calls).toEqual([])
  })

  it('may be dispatched from inside the callbacks of another', () => {
    const agent = new Agent()
    const second = new Recorder()
    const first = new Recorder({ onResponseEnd: () => dispatch(second, {}, agent) })
    dispatch(first, {}, agent)
    client().batch((b) => b.response(1, 'a'))
    // The id was free again by then.
    expect(client().submitted.map(({ id }) => id)).toEqual([1, 1])
    client().batch((b) => b.response(1, 'b'))
    expect([first.body, second.body]).toEqual(['a', 'b'])
  })

  it('looks up the methods of its handler at each call', () => {
    const handler = new Recorder()
    dispatch(handler)
    client().batch((b) => b.head(1))
    const replaced = vi.fn<() => void>()
    handler.onResponseData = replaced
    client().batch((b) => b.data(1, 'a'))
    expect(replaced).toHaveBeenCalledOnce()
  })
})
