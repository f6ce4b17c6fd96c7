/** What users call: undici's `fetch()` and `request()` over either agent, 50 at a time; and who else does the like. */
import { fetch, request } from 'undici'
import type { Dispatcher } from 'undici'
import type { ClientName, OpenClient } from '../clients/client.ts'
import { kSmall, plain } from './scenario.ts'
import type { Meter, Target, TimedScenario } from './scenario.ts'

type Once = (url: string, dispatcher: Dispatcher) => Promise<ArrayBufferLike>

const fetchOnce: Once = async (url, dispatcher) => (await fetch(url, { dispatcher })).arrayBuffer()

const requestOnce: Once = async (url, dispatcher) =>
  (await request(url, { dispatcher })).body.arrayBuffer()

async function fiftyAtATime(
  once: Once,
  client: OpenClient,
  origin: string,
  meter: Meter,
): Promise<void> {
  const url = `${origin}${kSmall}`
  const get = 'get' in client ? client.get : (url: string) => once(url, client.agent)
  const loop = async (): Promise<void> => {
    while (meter.running) {
      const startedAt = meter.latency.start()
      meter.bytes += (await get(url)).byteLength
      meter.latency.end(startedAt)
      meter.requests += 1
    }
  }
  await Promise.all(Array.from({ length: 50 }, loop))
}

interface Settings {
  readonly name: string
  readonly once: Once
  readonly others: readonly ClientName[]
  readonly rate?: Target
}

const functionScenario = ({ name, once, others, rate }: Settings): TimedScenario => ({
  name,
  title: `${name}() over HTTP/1.1, 50 in flight`,
  unit: 'request',
  targets: rate ? { rate } : {},
  agent: {},
  origin: plain,
  others,
  drive: (client, origin, meter) => fiftyAtATime(once, client, origin, meter),
})

export const functionScenarios: readonly TimedScenario[] = [
  functionScenario({
    name: 'fetch',
    once: fetchOnce,
    others: ['node-fetch', 'impit', 'wreq-js'],
    rate: { atLeast: 1.15 },
  }),
  functionScenario({ name: 'request', once: requestOnce, others: ['node-http'] }),
]
