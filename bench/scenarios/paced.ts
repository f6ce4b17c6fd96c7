/** Latency at equal load: a fixed number of requests per second, however fast they are answered. */
import type { Dispatcher } from 'undici'
import { agentOf, kSmall, plain } from './scenario.ts'
import type { Meter, TimedScenario } from './scenario.ts'

const kPerTick = 10
const kTickMs = 1
/** A client that cannot keep up gets no more for now; requests that are due become late, and count as such. */
const kMostInFlight = 1000

/**
 * Ten requests each millisecond. A request's time runs from its tick, not from when it was sent, so a JavaScript thread
 * that is too busy to send counts as late.
 */
async function drivePaced(agent: Dispatcher, origin: string, meter: Meter): Promise<void> {
  const options = { origin, path: kSmall, method: 'GET' } as const
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const load = { inFlight: 0 }
  const send = (dueAt: number): void => {
    load.inFlight += 1
    agent.dispatch(options, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(_controller, chunk) {
        meter.bytes += chunk.length
      },
      onResponseEnd() {
        meter.requests += 1
        meter.latency.record(performance.now() - dueAt)
        load.inFlight -= 1
        if (!meter.running && load.inFlight === 0) resolve()
      },
      onResponseError: (_controller, error) => reject(error),
    })
  }
  let dueAt = performance.now()
  const timer = setInterval(() => {
    if (!meter.running) clearInterval(timer)
    if (!meter.running && load.inFlight === 0) resolve()
    const now = performance.now()
    for (; meter.running && dueAt <= now && load.inFlight < kMostInFlight; dueAt += kTickMs) {
      for (let i = 0; i < kPerTick; i += 1) send(dueAt)
    }
  }, kTickMs)
  await promise.finally(() => clearInterval(timer))
}

export const pacedScenario: TimedScenario = {
  name: 'paced',
  title: 'HTTP/1.1 GET, 10 000 a second',
  unit: 'request',
  targets: { p99: { atMost: 1 } },
  // Otherwise each stall would leave one more connection for each delayed request.
  agent: { connections: 100 },
  origin: plain,
  drive: (client, origin, meter) => drivePaced(agentOf(client), origin, meter),
}
