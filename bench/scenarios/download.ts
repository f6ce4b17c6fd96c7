/** A body of 100 MB, again and again: what each byte costs. */
import type { Dispatcher } from 'undici'
import { kLarge, kLargeBytes } from './scenario.ts'
import type { Meter, Scenario } from './scenario.ts'

function downloadOnce(agent: Dispatcher, origin: string, meter: Meter): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
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
        if (received === kLargeBytes) resolve()
        else reject(new Error(`${received} bytes instead of ${kLargeBytes}`))
      },
      onResponseError: (_controller, error) => reject(error),
    },
  )
  return promise
}

export const downloadScenarios: readonly Scenario[] = [
  {
    name: 'download',
    title: '100 MB over HTTP/1.1',
    unit: 'byte',
    targets: { jsCpu: { atMost: 0.2 } },
    agent: {},
    origin: ({ http }) => `http://127.0.0.1:${http}`,
    drive: async (agent, origin, meter) => {
      while (meter.running) await downloadOnce(agent, origin, meter)
    },
  },
]
