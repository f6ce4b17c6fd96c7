import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { dispatch, pause } from '../support/dispatching.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

describe('a handler that throws', () => {
  const boom = new Error('boom')
  const throws = (): never => {
    throw boom
  }

  it('in onRequestStart gets the error, and nothing is sent', () => {
    const handler = new Recorder({ onRequestStart: throws })
    const agent = new Agent()
    dispatch(handler, {}, agent)
    expect(handler.error).toBe(boom)
    expect(client().submitted).toEqual([])
    dispatch(new Recorder(), {}, agent)
    expect(client().submitted).toHaveLength(1)
  })

  it.each(['onResponseStarted', 'onResponseStart', 'onResponseData', 'onRequestSent'] as const)(
    'in %s gets the error, and the request is torn down, not aborted',
    (name) => {
      const handler = new Recorder({ [name]: throws })
      const controller = dispatch(handler)
      client().batch((b) => b.sent(1).response(1, 'a'))
      expect(handler.names.slice(-2)).toEqual([name, 'onResponseError'])
      expect(handler.error).toBe(boom)
      expect(controller.aborted).toBe(false)
      expect(client().calls).toEqual(['cancel 1'])
    },
  )

  it('in onBodySent gets the error', () => {
    const handler = new Recorder({ onBodySent: throws })
    dispatch(handler, { method: 'POST', body: 'abc' })
    client().batch((b) => b.sent(1))
    expect(handler.names).toEqual(['onRequestStart', 'onBodySent', 'onResponseError'])
  })

  it('in onResponseData after a pause gets the error', async () => {
    const handler = new Recorder({ onResponseStart: pause, onResponseData: throws })
    const controller = dispatch(handler)
    client().batch((b) => b.head(1).data(1, 'a').data(1, 'b'))
    controller.resume()
    await Promise.resolve()
    expect(handler.names.slice(-2)).toEqual(['onResponseData', 'onResponseError'])
  })

  it('in onResponseEnd gets the error, though the request has ended', () => {
    const handler = new Recorder({ onResponseEnd: throws })
    dispatch(handler)
    client().batch((b) => b.response(1))
    expect(handler.names.slice(-2)).toEqual(['onResponseEnd', 'onResponseError'])
    expect(handler.error).toBe(boom)
    expect(client().calls).toEqual([])
  })

  it('after it aborted gets only the abort’s error', () => {
    const handler = new Recorder({
      onResponseStart: (controller) => {
        controller.abort(new Error('aborted'))
        throws()
      },
    })
    dispatch(handler)
    client().batch((b) => b.head(1))
    expect(handler.names.filter((name) => name === 'onResponseError')).toHaveLength(1)
    expect(handler.error).toMatchObject({ message: 'aborted' })
  })

  describe('in onResponseError', () => {
    const uncaught = (): Promise<unknown> =>
      new Promise((resolve) => process.once('uncaughtException', resolve))

    it('causes an uncaught exception, and other requests continue', async () => {
      const agent = new Agent()
      const other = new Recorder()
      dispatch(new Recorder({ onResponseError: throws }), {}, agent)
      dispatch(other, {}, agent)
      const thrown = uncaught()
      client().batch((b) => b.failed(1, 'socketClosed').response(2))
      expect(other.names.at(-1)).toBe('onResponseEnd')
      expect(await thrown).toBe(boom)
    })

    it('does not throw out of abort()', async () => {
      const controller = dispatch(new Recorder({ onResponseError: throws }))
      const thrown = uncaught()
      expect(() => controller.abort(new Error('no'))).not.toThrow()
      expect(await thrown).toBe(boom)
    })
  })
})
