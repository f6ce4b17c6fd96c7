/** Item 4: abort at every moment of a request, over every protocol. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import { quiet, until, within } from '../support/wait.ts'

/** A server with three paths: /ok answers, /silent never does, /stall sends a head and a piece of body and stops. */
async function useStages(protocol: Protocol): Promise<{
  origin: string
  requests: string[]
  gone: Promise<void>[]
}> {
  const requests: string[] = []
  const gone: Promise<void>[] = []
  const { origin } = await useProtocol(protocol, (request, response) => {
    requests.push(request.url ?? '')
    if (request.url !== '/ok') {
      gone.push(new Promise((resolve) => response.once('close', () => resolve())))
    }
    if (request.url === '/ok') response.end('ok')
    if (request.url === '/stall') response.write('some')
  })
  return { origin, requests, gone }
}

async function expectHealthy(agent: Parameters<typeof exchange>[0], origin: string): Promise<void> {
  const next = await exchange(agent, { origin, path: '/ok' })
  expect(next.text).toBe('ok')
}

/** Expects one terminal call, which stays the last call. */
async function expectAborted(recorder: Recorder, reason: unknown): Promise<void> {
  expect(recorder.error).toBe(reason)
  const calls = recorder.calls.length
  await quiet()
  expect(recorder.calls.length).toBe(calls)
  expect(recorder.terminalCalls).toBe(1)
  expect(recorder.controller?.aborted).toBe(true)
  expect(recorder.controller?.reason).toBe(reason)
}

describe.each(protocols)('abort over %s', (protocol) => {
  it('in onRequestStart: nothing is sent', async () => {
    const { origin, requests } = await useStages(protocol)
    const agent = await useAgent()
    const reason = new Error('changed my mind')
    const recorder = dispatch(
      agent,
      { origin, path: '/silent' },
      { onRequestStart: (_self, controller) => controller.abort(reason) },
    )
    await recorder.done
    await expectAborted(recorder, reason)
    expect(recorder.names).toEqual(['onRequestStart', 'onResponseError'])
    await expectHealthy(agent, origin)
    expect(requests).toEqual(['/ok'])
  })

  it('while waiting for the headers', async () => {
    const { origin, requests, gone } = await useStages(protocol)
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin, path: '/silent' })
    await until('the server has the request', () => requests.length === 1)
    await recorder.seen('onRequestStart')
    const reason = new Error('too slow')
    recorder.controller?.abort(reason)
    expect(recorder.error).toBe(reason)
    await expectAborted(recorder, reason)
    await within('the server to see it', Promise.all(gone))
    await expectHealthy(agent, origin)
  })

  it('in onResponseStart: no data follows', async () => {
    const { origin, gone } = await useStages(protocol)
    const agent = await useAgent()
    const reason = new Error('wrong type')
    let errorsBeforeReturn = -1
    const recorder = dispatch(
      agent,
      { origin, path: '/stall' },
      {
        onResponseStart: (self, controller) => {
          controller.abort(reason)
          errorsBeforeReturn = self.count('onResponseError')
        },
      },
    )
    await recorder.done
    expect(errorsBeforeReturn).toBe(1)
    await expectAborted(recorder, reason)
    expect(recorder.count('onResponseData')).toBe(0)
    await within('the server to see it', Promise.all(gone))
    await expectHealthy(agent, origin)
  })

  it('in onResponseData: nothing follows', async () => {
    const { origin, gone } = await useStages(protocol)
    const agent = await useAgent()
    const reason = new Error('seen enough')
    const recorder = dispatch(
      agent,
      { origin, path: '/stall' },
      { onResponseData: (_self, controller) => controller.abort(reason) },
    )
    await recorder.done
    await expectAborted(recorder, reason)
    expect(recorder.text).toBe('some')
    await within('the server to see it', Promise.all(gone))
    await expectHealthy(agent, origin)
  })

  it('between two chunks: synchronous, and nothing follows', async () => {
    const { origin, gone } = await useStages(protocol)
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin, path: '/stall' })
    await recorder.seen('onResponseData')
    const reason = new Error('now')
    recorder.controller?.abort(reason)
    expect(recorder.error).toBe(reason)
    await expectAborted(recorder, reason)
    await within('the server to see it', Promise.all(gone))
    await expectHealthy(agent, origin)
  })

  it('after the end changes nothing', async () => {
    const { origin } = await useStages(protocol)
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin, path: '/ok' })
    recorder.controller?.abort(new Error('too late'))
    await quiet(20)
    expect(recorder.terminalCalls).toBe(1)
    expect(recorder.controller?.aborted).toBe(true)
    await expectHealthy(agent, origin)
  })

  it('while paused', async () => {
    const { origin, gone } = await useStages(protocol)
    const agent = await useAgent()
    const recorder = dispatch(
      agent,
      { origin, path: '/stall' },
      { onResponseStart: (_self, controller) => controller.pause() },
    )
    await recorder.seen('onResponseStart')
    const reason = new Error('not any more')
    recorder.controller?.abort(reason)
    await expectAborted(recorder, reason)
    recorder.controller?.resume()
    await quiet(20)
    expect(recorder.terminalCalls).toBe(1)
    await within('the server to see it', Promise.all(gone))
  })

  it('does not affect other requests', async () => {
    const { origin } = await useStages(protocol)
    const agent = await useAgent()
    const stalled = Array.from({ length: 10 }, () => dispatch(agent, { origin, path: '/stall' }))
    await Promise.all(stalled.map((recorder) => recorder.seen('onResponseData')))
    const [victim, ...others] = stalled
    victim?.controller?.abort(new Error('only this one'))
    await quiet()
    expect(victim?.terminalCalls).toBe(1)
    for (const other of others) expect(other.terminalCalls).toBe(0)
    await expectHealthy(agent, origin)
  })

  it('is seen by the server within 100 ms', async () => {
    const { origin, gone } = await useStages(protocol)
    const agent = await useAgent()
    const delays: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const recorder = dispatch(agent, { origin, path: '/stall' })
      await recorder.seen('onResponseData')
      const start = performance.now()
      recorder.controller?.abort(new Error('stop'))
      await within('the server to see it', gone[round] ?? Promise.reject(new Error('no request')))
      delays.push(performance.now() - start)
    }
    // A machine under load may sometimes be late, but not always.
    delays.sort((a, b) => a - b)
    expect(delays[1]).toBeLessThan(100)
  })
})

describe('abort while queued', () => {
  it('never reaches the server, and the request before it succeeds', async () => {
    const seen: string[] = []
    let answer: (() => void) | undefined
    const { origin } = await useProtocol('HTTP/1.1', (request, response) => {
      seen.push(request.url ?? '')
      if (request.url === '/first') answer = () => response.end('first')
      else response.end('later')
    })
    const agent = await useAgent({ connections: 1 })
    const first = dispatch(agent, { origin, path: '/first' })
    await until('the first is at the server', () => seen.length === 1)
    const queued = dispatch(agent, { origin, path: '/queued' })
    const last = dispatch(agent, { origin, path: '/last' })
    const reason = new Error('not needed')
    // undici starts a queued request only when it is written, so the abort waits for that.
    if (agentKind === 'dodici') {
      await queued.seen('onRequestStart')
      queued.controller?.abort(reason)
      expect(queued.error).toBe(reason)
    } else {
      void queued.seen('onRequestStart').then(() => queued.controller?.abort(reason))
    }
    answer?.()
    expect((await first.done).text).toBe('first')
    expect((await last.done).text).toBe('later')
    await queued.done
    expect(queued.error).toBe(reason)
    expect(queued.terminalCalls).toBe(1)
    if (agentKind === 'dodici') expect(seen).toEqual(['/first', '/last'])
  })
})

describe('abort while connecting', () => {
  it.runIf(agentKind === 'dodici')('does not wait for the connection', async () => {
    const server = await useRaw(() => {})
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: `https://localhost:${server.port}` })
    await recorder.seen('onRequestStart')
    const peer = await server.peer(0)
    const reason = new Error('no handshake')
    recorder.controller?.abort(reason)
    expect(recorder.error).toBe(reason)
    expect(await within('the socket to close', peer.ended)).toBeDefined()
    await expectAborted(recorder, reason)
  })
})

describe('what abort() delivers', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty string', ''],
  ])('a RequestAbortedError for %s', async (_name, reason) => {
    const { origin } = await useStages('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin, path: '/stall' })
    await recorder.seen('onResponseStart')
    recorder.controller?.abort(reason as unknown as Error)
    expect(recorder.error).toBeInstanceOf(errors.RequestAbortedError)
    expect(recorder.error).toMatchObject({
      name: 'AbortError',
      code: 'UND_ERR_ABORTED',
      message: 'Request aborted',
    })
    expect(recorder.controller?.reason).toBe(reason)
  })

  it.each([
    ['a string', 'because'],
    ['a DOMException', new DOMException('stop', 'AbortError')],
    ['an object', { why: 'just so' }],
  ])('%s unchanged', async (_name, reason) => {
    const { origin } = await useStages('HTTP/1.1')
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin, path: '/stall' })
    await recorder.seen('onResponseStart')
    recorder.controller?.abort(reason as unknown as Error)
    recorder.controller?.abort(new Error('second'))
    await expectAborted(recorder, reason)
  })
})
