/** What users call: undici's `fetch()` and `request()` over either agent, 50 at a time. */
import { fetch, request } from 'undici'
import type { Dispatcher } from 'undici'
import { kSmall } from './scenario.ts'
import type { Meter, Scenario } from './scenario.ts'

type Once = (url: string, dispatcher: Dispatcher) => Promise<ArrayBuffer>

const fetchOnce: Once = async (url, dispatcher) => (await fetch(url, { dispatcher })).arrayBuffer()

const requestOnce: Once = async (url, dispatcher) =>
  (await request(url, { dispatcher })).body.arrayBuffer()

async function fiftyAtATime(
  once: Once,
  agent: Dispatcher,
  origin: string,
  meter: Meter,
): Promise<void> {
  const url = `${origin}${kSmall}`
  const loop = async (): Promise<void> => {
    while (meter.running) {
      meter.bytes += (await once(url, agent)).byteLength
      meter.requests += 1
    }
  }
  await Promise.all(Array.from({ length: 50 }, loop))
}

const functionScenario = (name: string, once: Once): Scenario => ({
  name,
  title: `${name}() over HTTP/1.1, 50 in flight`,
  unit: 'request',
  targets: {},
  agent: {},
  origin: ({ http }) => `http://127.0.0.1:${http}`,
  drive: (agent, origin, meter) => fiftyAtATime(once, agent, origin, meter),
})

export const functionScenarios: readonly Scenario[] = [
  functionScenario('fetch', fetchOnce),
  functionScenario('request', requestOnce),
]
