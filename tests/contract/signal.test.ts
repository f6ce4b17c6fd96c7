/** Item 8: `new Agent({ signal })`: one abort cancels everything in flight, stops new work and joins. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { dispatch } from '../support/recorder.ts'
import { until, within } from '../support/wait.ts'

describe.runIf(agentKind === 'dodici').each(protocols)('signal over %s', (protocol) => {
  it('fails all requests in flight with its reason, once, and the server sees it', async () => {
    let arrived = 0
    let cut = 0
    const { origin, sockets } = await useProtocol(protocol, (request, response) => {
      arrived += 1
      if (request.url === '/stall') response.write('some')
      response.on('close', () => (cut += 1))
    })
    const stop = new AbortController()
    const agent = await useAgent({ signal: stop.signal })
    const silent = Array.from({ length: 5 }, () => dispatch(agent, { origin, path: '/silent' }))
    const stalled = Array.from({ length: 5 }, () => dispatch(agent, { origin, path: '/stall' }))
    await until('all have arrived', () => arrived === 10)
    await Promise.all(stalled.map((recorder) => recorder.seen('onResponseData')))

    const reason = new Error('SIGTERM')
    stop.abort(reason)
    expect(agent.destroyed).toBe(true)
    const all = await Promise.all([...silent, ...stalled].map((recorder) => recorder.done))
    expect(all.every((recorder) => recorder.error === reason)).toBe(true)
    expect(all.every((recorder) => recorder.terminalCalls === 1)).toBe(true)
    await within('destroy()', agent.destroy())
    await until('the server saw all of them go', () => cut === 10 && sockets.size === 0)
  })
})

describe.runIf(agentKind === 'dodici')('signal', () => {
  it('fails queued and connecting requests too', async () => {
    const { origin } = await useProtocol('HTTP/1.1', () => {})
    const stop = new AbortController()
    const agent = await useAgent({ signal: stop.signal, connections: 1 })
    const all = Array.from({ length: 5 }, () => dispatch(agent, { origin }))
    stop.abort()
    for (const recorder of all) {
      await recorder.done
      expect(recorder.error).toMatchObject({ name: 'AbortError' })
      expect(recorder.terminalCalls).toBe(1)
    }
  })

  it('refuses new work', async () => {
    const stop = new AbortController()
    const agent = await useAgent({ signal: stop.signal })
    stop.abort()
    const recorder = dispatch(agent, { origin: 'http://127.0.0.1:1' })
    expect(recorder.error).toBeInstanceOf(errors.ClientDestroyedError)
    expect(recorder.call('onResponseError')?.duringDispatch).toBe(true)
  })

  it('aborted before makes an agent that refuses everything', async () => {
    const agent = await useAgent({ signal: AbortSignal.abort() })
    expect(agent.destroyed).toBe(true)
    const recorder = dispatch(agent, { origin: 'http://127.0.0.1:1' })
    expect(recorder.error).toBeInstanceOf(errors.ClientDestroyedError)
  })

  it('rejects request() and fetch() with its reason', async () => {
    const { fetch } = await import('undici')
    let arrived = 0
    const { origin } = await useProtocol('HTTP/1.1', () => void (arrived += 1))
    const stop = new AbortController()
    const agent = await useAgent({ signal: stop.signal })
    const reason = new Error('SIGINT')
    const request = agent.request({ origin, path: '/', method: 'GET' })
    const fetched = fetch(origin, { dispatcher: agent })
    const both = Promise.allSettled([request, fetched])
    await until('both have arrived', () => arrived === 2)
    stop.abort(reason)
    const [one, two] = await both
    expect(one).toMatchObject({ status: 'rejected', reason })
    expect(two).toMatchObject({ status: 'rejected', reason: { cause: reason } })
  })

  it('can serve several agents', async () => {
    let arrived = 0
    const { origin } = await useProtocol('HTTP/1.1', () => void (arrived += 1))
    const stop = new AbortController()
    const agents = await Promise.all([1, 2, 3].map(() => useAgent({ signal: stop.signal })))
    const other = await useAgent()
    const recorders = agents.map((agent) => dispatch(agent, { origin }))
    const untouched = dispatch(other, { origin })
    await until('all have arrived', () => arrived === 4)
    const reason = new Error('all of you')
    stop.abort(reason)
    for (const recorder of recorders) expect((await recorder.done).error).toBe(reason)
    expect(untouched.terminalCalls).toBe(0)
  })

  it('does not keep a destroyed agent', async () => {
    const stop = new AbortController()
    const agent = await useAgent({ signal: stop.signal })
    await agent.close()
    expect(() => stop.abort()).not.toThrow()
  })

  it('leaves no thread of the agent behind, and the process exits', async () => {
    const { origin } = await useProtocol('HTTP/1.1', () => {})
    const { code, said, stderr } = await runChild(abortAndCount, { origin, ca: certificates().ca })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([{ errors: 20, ran: true }])
  })
})

async function abortAndCount(
  kit: ChildKit,
  { origin, ca }: { origin: string; ca: string },
): Promise<void> {
  const stop = new AbortController()
  const agent = await kit.createAgent({ signal: stop.signal, connect: { ca } })
  const all = Array.from({ length: 20 }, () => kit.dispatch(agent, { origin }))
  await Promise.all(all.map((recorder) => recorder.seen('onRequestSent')))
  const during = kit.loopThreads()
  stop.abort(new Error('stop'))
  await Promise.all(all.map((recorder) => recorder.done))
  await agent.destroy()
  await kit.until('the loop threads are gone', () => kit.loopThreads() === 0)
  const errors = all.filter((recorder) => recorder.error?.message === 'stop').length
  kit.say({ errors, ran: during > 0 })
}
