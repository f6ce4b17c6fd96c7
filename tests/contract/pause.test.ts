/** Item 3: `controller.pause()` stops all calls; pause before the headers; resume. */
import { describe, expect, it } from 'vitest'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { dispatch } from '../support/recorder.ts'
import type { Controller, Recorder } from '../support/recorder.ts'
import { quiet } from '../support/wait.ts'

const pauseNow = (_recorder: unknown, controller: Controller): void => controller.pause()

describe('controller.pause()', () => {
  it('in onRequestStart lets the head through and holds the body until resume()', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onRequestStart: pauseNow })
    await recorder.seen('onResponseStart')
    await quiet()
    expect(recorder.count('onResponseData')).toBe(0)
    expect(recorder.terminalCalls).toBe(0)
    expect(recorder.controller?.paused).toBe(true)

    recorder.controller?.resume()
    expect(recorder.controller?.paused).toBe(false)
    await recorder.done
    expect(recorder.text).toBe('hello')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('in onResponseStart holds the body until resume()', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onResponseStart: pauseNow })
    await recorder.seen('onResponseStart')
    await quiet()
    expect(recorder.count('onResponseData')).toBe(0)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.text).toBe('hello')
  })

  it('on the last chunk holds back onResponseEnd', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onResponseData: pauseNow })
    await recorder.seen('onResponseData')
    await quiet()
    expect(recorder.text).toBe('hello')
    expect(recorder.terminalCalls).toBe(0)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.names.at(-1)).toBe('onResponseEnd')
  })

  it('stops all further calls, however much has arrived', async () => {
    const size = 8 * 1024 * 1024
    const server = await useHttp1((_request, response) => void response.end(Buffer.alloc(size, 1)))
    const agent = await useAgent()
    let whilePaused = 0
    const recorder = dispatch(
      agent,
      { origin: server.origin },
      {
        onResponseData: (self, controller) => {
          if (controller.paused) whilePaused += 1
          if (self.count('onResponseData') > 3) return
          controller.pause()
          setTimeout(() => controller.resume(), 20)
        },
        onResponseEnd: (_self, controller) => {
          if (controller.paused) whilePaused += 1
        },
      },
    )
    await recorder.done
    expect(whilePaused).toBe(0)
    expect(recorder.calls.filter((call) => call.name === 'onResponseData').length).toBeGreaterThan(
      3,
    )
    expect(recorder.body.length).toBe(size)
    expect(recorder.body.every((byte) => byte === 1)).toBe(true)
  })

  it('and resume() in one callback change nothing', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    let nested = 0
    const both = (self: Recorder, controller: Controller): void => {
      const before = self.calls.length
      controller.resume()
      controller.pause()
      controller.pause()
      controller.resume()
      nested += self.calls.length - before
    }
    const hooks = { onRequestStart: both, onResponseStart: both, onResponseData: both }
    const recorder = await dispatch(agent, { origin: server.origin }, hooks).done
    expect(recorder.text).toBe('hello')
    expect(recorder.names.at(-1)).toBe('onResponseEnd')
    expect(nested).toBe(0)
  })

  it('delivers what had arrived before the server closed, and then the end', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall there is')
      peer.fin()
    })
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onResponseStart: pauseNow })
    await recorder.seen('onResponseStart')
    await quiet()
    expect(recorder.names.at(-1)).toBe('onResponseStart')
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.text).toBe('all there is')
    expect(recorder.names.at(-1)).toBe('onResponseEnd')
  })

  it('does not hold back the error of destroy()', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onResponseStart: pauseNow })
    await recorder.seen('onResponseStart')
    const reason = new Error('enough')
    await agent.destroy(reason)
    await recorder.done
    expect(recorder.error).toBe(reason)
  })

  it('does not hold back the error of abort()', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: server.origin }, { onResponseStart: pauseNow })
    await recorder.seen('onResponseStart')
    recorder.controller?.abort(new Error('stop'))
    expect(recorder.error?.message).toBe('stop')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('of one request does not affect others', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'.repeat(200_000)))
    const agent = await useAgent()
    const paused = dispatch(agent, { origin: server.origin }, { onResponseStart: pauseNow })
    await paused.seen('onResponseStart')
    const others = Array.from({ length: 10 }, () => dispatch(agent, { origin: server.origin }).done)
    for (const other of await Promise.all(others)) expect(other.body.length).toBe(200_000)
    expect(paused.count('onResponseData')).toBe(0)
    paused.controller?.resume()
    expect((await paused.done).body.length).toBe(200_000)
  })
})
