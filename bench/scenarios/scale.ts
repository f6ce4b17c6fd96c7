/**
 * How the cost of a request grows with the number of requests in flight and of origins, and how much memory a waiting
 * one takes.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Dispatcher } from 'undici'
import { agentOf, echoing, kSmall, plain } from './scenario.ts'
import type { MemoryScenario, Scenario, TimedScenario } from './scenario.ts'
import { inFlight } from './slots.ts'

const kConnections = 1000
const kQueued = 10_000

const flight = (at: number): TimedScenario => ({
  name: `scale-flight-${at}`,
  title: `HTTP/1.1 GET, ${at} in flight`,
  series: { name: 'flight', title: `in flight, at most ${kConnections} connections`, at },
  unit: 'request',
  targets: {},
  agent: { connections: kConnections },
  origin: plain,
  drive: inFlight(at, (origin) => () => ({ origin, path: kSmall, method: 'GET' })),
})

/** Every address of 127.0.0.0/8 is this machine; nginx listens on the first thousand. */
export const originAddress = (index: number): string =>
  `127.0.${Math.floor(index / 250)}.${(index % 250) + 1}`
export const kMostOrigins = 1000

const origins = (at: number): TimedScenario => ({
  name: `scale-origins-${at}`,
  title: `HTTP/1.1 GET, 100 in flight to ${at} origins in turn`,
  series: { name: 'origins', title: 'origins in turn, 100 in flight', at },
  unit: 'request',
  targets: {},
  agent: {},
  origin: plain,
  needs: 'origins',
  drive: inFlight(100, (origin) => inTurn(origin, at)),
})

function inTurn(origin: string, count: number): () => Dispatcher.DispatchOptions {
  const all = Array.from({ length: count }, (_, index) => {
    const each = origin.replace('127.0.0.1', originAddress(index))
    return { origin: each, path: kSmall, method: 'GET' } as const
  })
  let turn = 0
  return () => all[turn++ % count] as Dispatcher.DispatchOptions
}

const queued: MemoryScenario = {
  name: 'scale-queued',
  title: `${kQueued} requests behind one that gets no answer`,
  series: { name: 'queued', title: 'queued', at: kQueued },
  unit: 'queued',
  targets: {},
  agent: { connections: 1 },
  origin: echoing,
  needs: 'echo',
  measure: async (client, origin) => {
    const agent = agentOf(client)
    // The first thousand requests load code and fill pools; they stay queued too.
    for (let i = 0; i < 1000; i += 1) queueOne(agent, origin)
    await settled()
    const before = process.memoryUsage.rss()
    for (let i = 0; i < kQueued; i += 1) queueOne(agent, origin)
    await settled()
    return { bytes: process.memoryUsage.rss() - before, requests: kQueued }
  },
}

function queueOne(agent: Dispatcher, origin: string): void {
  agent.dispatch(
    { origin, path: '/silent', method: 'GET', headersTimeout: 0 },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd() {},
      // They are destroyed at the end of the trial.
      onResponseError() {},
    },
  )
}

/** Waits until the loop threads have taken all requests, and the garbage is collected. */
async function settled(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await new Promise((resolve) => {
    setTimeout(resolve, 500)
  })
  collect()
}

export const scaleScenarios: readonly Scenario[] = [
  ...[1, 10, 100, 1000, 10_000].map(flight),
  ...[1, 10, 100, kMostOrigins].map(origins),
  queued,
]
