/** The functions that users call, `fetch()` and `request()`, 50 at a time, and similar ones of other clients. */
import { fetch as undiciFetch, request as undiciRequest } from 'undici'
import type { Dispatcher } from 'undici'
import { Agent, fetch, request } from '../../lib/index.ts'
import type { ClientName, OpenClient } from '../clients/client.ts'
import { agentOf, kCoded, kLarge, kLargeBytes, kSmall, plain } from './scenario.ts'
import type { Meter, TimedScenario } from './scenario.ts'

/** What a GET gives: its bytes, or its text, which is as long, because the files are ASCII. */
interface Read {
  readonly byteLength: number
}

type Once = (url: string, dispatcher: Dispatcher) => Promise<Read>

/** Each client uses its own fetch(). */
const ownFetch = (url: string, dispatcher: Dispatcher) =>
  dispatcher instanceof Agent ? fetch(url, { dispatcher }) : undiciFetch(url, { dispatcher })

const fetchOnce: Once = async (url, dispatcher) => (await ownFetch(url, dispatcher)).arrayBuffer()

const undiciFetchOnce: Once = async (url, dispatcher) =>
  (await undiciFetch(url, { dispatcher })).arrayBuffer()

const requestOnce: Once = async (url, dispatcher) => {
  const { body } = await (dispatcher instanceof Agent
    ? request(url, { dispatcher })
    : undiciRequest(url, { dispatcher }))
  return lengthOf(await body.text())
}

const undiciRequestOnce: Once = async (url, dispatcher) =>
  lengthOf(await (await undiciRequest(url, { dispatcher })).body.text())

function lengthOf({ length }: string): Read {
  return { byteLength: length }
}

async function manyAtATime(
  inFlight: number,
  once: Once,
  client: OpenClient,
  url: string,
  meter: Meter,
): Promise<void> {
  const get = 'get' in client ? client.get : (url: string) => once(url, client.agent)
  const loop = async (): Promise<void> => {
    while (meter.running) {
      const startedAt = meter.latency.start()
      meter.bytes += (await get(url)).byteLength
      meter.latency.end(startedAt)
      meter.requests += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
}

interface Settings {
  readonly name: string
  readonly once: Once
  readonly others: readonly ClientName[]
  readonly title?: string
  readonly path?: string
  readonly inFlight?: number
  readonly targets?: TimedScenario['targets']
}

const functionScenario = ({
  name,
  title = `${name}() over HTTP/1.1`,
  path = kSmall,
  inFlight = 50,
  once,
  others,
  targets = {},
}: Settings): TimedScenario => ({
  name,
  title: `${title}, ${inFlight} in flight`,
  unit: 'request',
  targets,
  agent: {},
  origin: plain,
  others,
  drive: (client, origin, meter) => manyAtATime(inFlight, once, client, `${origin}${path}`, meter),
})

/** Reads the web stream of a large body chunk by chunk, again and again. */
const fetchStream: TimedScenario = {
  name: 'fetch-stream',
  title: 'the stream of fetch(), 100 MB',
  unit: 'byte',
  targets: { jsCpu: { atMost: 0.3 } },
  agent: {},
  origin: plain,
  drive: async (client, origin, meter) => {
    const dispatcher = agentOf(client)
    while (meter.running) {
      const startedAt = meter.latency.start()
      const response = await ownFetch(`${origin}${kLarge}`, dispatcher)
      let received = 0
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        received += chunk.byteLength
        meter.bytes += chunk.byteLength
      }
      if (received !== kLargeBytes) throw new Error(`${received} bytes instead of ${kLargeBytes}`)
      meter.requests += 1
      meter.latency.end(startedAt)
    }
  },
}

export const functionScenarios: readonly TimedScenario[] = [
  functionScenario({
    name: 'fetch',
    once: fetchOnce,
    others: ['node-fetch', 'impit', 'wreq-js'],
    targets: { rate: { atLeast: 4 }, jsCpu: { atMost: 0.12 } },
  }),
  functionScenario({
    name: 'fetch-1',
    title: 'fetch() over HTTP/1.1',
    inFlight: 1,
    once: fetchOnce,
    others: ['wreq-js'],
    targets: { rate: { atLeast: 1.5 } },
  }),
  fetchStream,
  functionScenario({
    name: 'fetch-gzip',
    title: 'fetch() of 62 KB as gzip',
    path: kCoded,
    once: fetchOnce,
    others: ['node-fetch', 'impit', 'wreq-js'],
    targets: { rate: { atLeast: 1.5 }, jsCpu: { atMost: 0.5 } },
  }),
  functionScenario({
    name: 'undici-fetch',
    title: 'undici\u2019s fetch() over HTTP/1.1',
    once: undiciFetchOnce,
    others: [],
    targets: { rate: { atLeast: 1.15 } },
  }),
  functionScenario({
    name: 'request',
    title: 'request() and text()',
    once: requestOnce,
    others: ['node-http'],
    targets: { jsCpu: { atMost: 0.2 } },
  }),
  functionScenario({
    name: 'undici-request',
    title: 'undici\u2019s request() and text()',
    once: undiciRequestOnce,
    others: [],
  }),
]
