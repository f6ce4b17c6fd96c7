/** GETs of a small body by `dispatch()` itself, with the least handler there can be: the transport and nothing else. */
import type { Dispatcher } from 'undici'
import { kSmall } from './scenario.ts'
import type { Meter, Scenario } from './scenario.ts'

/** One of the requests in flight: when it ends, it sends itself again. */
class Slot {
  readonly #agent: Dispatcher
  readonly #options: Dispatcher.DispatchOptions
  readonly #meter: Meter
  readonly #ended: (error?: Error) => void

  constructor(
    agent: Dispatcher,
    options: Dispatcher.DispatchOptions,
    meter: Meter,
    ended: (error?: Error) => void,
  ) {
    this.#agent = agent
    this.#options = options
    this.#meter = meter
    this.#ended = ended
  }

  send(): void {
    this.#agent.dispatch(this.#options, this)
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    if (status !== 200) this.#ended(new Error(`status ${status}`))
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#meter.bytes += chunk.length
  }

  onResponseEnd(): void {
    this.#meter.requests += 1
    if (this.#meter.running) this.send()
    else this.#ended()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#ended(error)
  }
}

async function keepInFlight(
  count: number,
  agent: Dispatcher,
  origin: string,
  meter: Meter,
): Promise<void> {
  const options = { origin, path: kSmall, method: 'GET' } as const
  const slots = Array.from({ length: count }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const slot = new Slot(agent, options, meter, (error) => (error ? reject(error) : resolve()))
    slot.send()
    return promise
  })
  await Promise.all(slots)
}

const inFlight =
  (count: number): Scenario['drive'] =>
  (agent, origin, meter) =>
    keepInFlight(count, agent, origin, meter)

export const dispatchScenarios: readonly Scenario[] = [
  {
    name: 'h1',
    title: 'HTTP/1.1 GET, 50 in flight',
    unit: 'request',
    targets: { rate: { atLeast: 1 }, jsCpu: { atMost: 0.25 } },
    agent: {},
    origin: ({ http }) => `http://127.0.0.1:${http}`,
    drive: inFlight(50),
  },
  {
    name: 'h1-1000',
    title: 'HTTP/1.1 GET, 1000 in flight',
    unit: 'request',
    targets: {},
    agent: {},
    origin: ({ http }) => `http://127.0.0.1:${http}`,
    drive: inFlight(1000),
  },
  {
    name: 'h2',
    title: 'HTTP/2 GET over TLS, 100 in flight',
    unit: 'request',
    targets: { rate: { atLeast: 2 }, jsCpu: { atMost: 0.08 } },
    agent: { allowH2: true },
    origin: ({ https }) => `https://localhost:${https}`,
    drive: inFlight(100),
  },
  {
    name: 'https1',
    title: 'HTTP/1.1 GET over TLS, 50 in flight',
    unit: 'request',
    targets: {},
    agent: { allowH2: false },
    origin: ({ https }) => `https://localhost:${https}`,
    drive: inFlight(50),
  },
]
