/** Downloads a body of 100 MB again and again, for the cost of each byte. */
import type { Dispatcher } from 'undici'
import { agentOf, kLarge, kLargeBytes, plain, secure } from './scenario.ts'
import type { Meter, TimedScenario } from './scenario.ts'

function downloadOnce(agent: Dispatcher, origin: string, meter: Meter): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const startedAt = meter.latency.start()
  let received = 0
  agent.dispatch(
    { origin, path: kLarge, method: 'GET' },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(_controller, chunk) {
        received += chunk.length
        meter.bytes += chunk.length
      },
      onResponseEnd() {
        meter.requests += 1
        meter.latency.end(startedAt)
        if (received === kLargeBytes) resolve()
        else reject(new Error(`${received} bytes instead of ${kLargeBytes}`))
      },
      onResponseError: (_controller, error) => reject(error),
    },
  )
  return promise
}

const download = (
  settings: Pick<TimedScenario, 'name' | 'title' | 'agent' | 'origin'> & { rate: number },
): TimedScenario => {
  const { rate, ...rest } = settings
  return {
    ...rest,
    unit: 'byte',
    targets: { rate: { atLeast: rate }, jsCpu: { atMost: 0.15 }, loopDelay: { atMost: 0.3 } },
    drive: async (client, origin, meter) => {
      while (meter.running) await downloadOnce(agentOf(client), origin, meter)
    },
  }
}

export const downloadScenarios: readonly TimedScenario[] = [
  download({
    name: 'download',
    title: '100 MB over HTTP/1.1',
    agent: {},
    origin: plain,
    rate: 1.3,
  }),
  download({
    name: 'download-https',
    title: '100 MB over HTTP/1.1 and TLS',
    agent: { allowH2: false },
    origin: secure,
    rate: 1,
  }),
  download({
    name: 'download-h2',
    title: '100 MB over HTTP/2',
    agent: { allowH2: true },
    origin: secure,
    rate: 1.3,
  }),
]
