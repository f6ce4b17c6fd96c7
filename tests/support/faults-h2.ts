/**
 * Like faults.ts, over HTTP/2 frames: a fault of one stream beside others on its connection, or of a whole connection.
 */
import { expect } from 'vitest'
import type { AgentKind, TestAgent } from './agents.ts'
import { healthyNeighbour, kTimeouts } from './faults.ts'
import { useAgent, useH2Frames } from './fixtures.ts'
import { dispatch, exchange, requestTo } from './recorder.ts'
import type { Recorder, RequestMaker } from './recorder.ts'
import { FrameFlag } from './servers/h2-frames.ts'
import type { H2FrameServer, H2Peer } from './servers/h2-frames.ts'
import { turns } from './wait.ts'

export type H2Fault = (peer: H2Peer, stream: number, broken: () => Recorder) => void | Promise<void>

export interface H2FaultOptions {
  readonly kind?: AgentKind
  /** Sends the first frames, instead of empty SETTINGS. */
  readonly greet?: (peer: H2Peer) => void
}

export interface H2Outcome {
  readonly broken: Recorder
  readonly server: H2FrameServer
}

async function serve(peer: H2Peer, from: number): Promise<void> {
  for (let n = from; !peer.socket.destroyed; n += 1) {
    const stream = await peer.request(n)
    peer.respond(stream)
    peer.data(stream, 'healthy', FrameFlag.endStream)
  }
}

function expectHealthy(recorder: Recorder): void {
  expect(recorder.error).toBeUndefined()
  expect(recorder.text).toBe('healthy')
  expect(recorder.terminalCalls).toBe(1)
}

/** All three requests are streams of one connection, which outlives the fault. */
export async function runStreamFault(
  fault: H2Fault,
  request: RequestMaker = {},
  options: H2FaultOptions = {},
): Promise<H2Outcome> {
  const over = Promise.withResolvers<void>()
  let broken: Recorder | undefined
  const server = await useH2Frames(async (peer) => {
    const beside = await peer.request(0)
    peer.respond(beside)
    peer.data(beside, 'hea')
    await fault(peer, await peer.request(1), () => begun(broken))
    await over.promise
    peer.data(beside, 'lthy', FrameFlag.endStream)
    await serve(peer, 2)
  }, options.greet)
  const { origin } = server
  const agent = await useAgent({ ...kTimeouts, connections: 1 }, options.kind)
  const beside = dispatch(agent, { origin, path: '/beside', bodyTimeout: 0 })
  await beside.seen('onResponseData')
  broken = dispatch(agent, { path: '/broken', ...requestTo(origin, request) })
  await broken.done
  over.resolve()
  await beside.done
  expectHealthy(beside)
  expectHealthy(await exchange(agent, { origin, path: '/after' }))
  await turns(3)
  expect(broken.terminalCalls).toBe(1)
  expect(server.peers).toHaveLength(1)
  return { broken, server }
}

/**
 * The fault affects the whole connection; a request to another server runs beside it. The first request that follows
 * may still use the dead connection.
 */
export async function runConnectionFault(
  fault: H2Fault,
  request: RequestMaker = {},
  options: H2FaultOptions = {},
): Promise<H2Outcome> {
  let broken: Recorder | undefined
  const server = await useH2Frames(async (peer, index) => {
    if (index === 0) await fault(peer, await peer.request(0), () => begun(broken))
    await serve(peer, index === 0 ? 1 : 0)
  }, options.greet)
  const { origin } = server
  const agent = await useAgent({ ...kTimeouts, connections: 1 }, options.kind)
  const neighbourEnds = await healthyNeighbour(agent)
  broken = dispatch(agent, { path: '/broken', ...requestTo(origin, request) })
  await broken.done
  if (options.kind === 'undici') await undiciHasNoticed(agent, origin)
  await expectRecovery(agent, origin)
  await neighbourEnds()
  await turns(3)
  expect(broken.terminalCalls).toBe(1)
  return { broken, server }
}

/** undici gives requests to an ended session until its socket has closed. */
async function undiciHasNoticed(agent: TestAgent, origin: string): Promise<void> {
  for (let n = 0; n < 100; n += 1) {
    const { error } = await exchange(agent, { origin, path: '/after' })
    if (!error) return
    await turns(1)
  }
}

async function expectRecovery(agent: TestAgent, origin: string): Promise<void> {
  const first = await exchange(agent, { origin, path: '/after' })
  if (first.error) expect(first.terminalCalls).toBe(1)
  else expectHealthy(first)
  expectHealthy(await exchange(agent, { origin, path: '/after' }))
}

function begun(recorder: Recorder | undefined): Recorder {
  if (!recorder) throw new Error('the broken request has not begun')
  return recorder
}
