/** Keeps a number of requests in flight by `dispatch()`, with a minimal handler, to measure the transport alone. */
import type { Dispatcher } from 'undici'
import { agentOf } from './scenario.ts'
import type { Meter, TimedScenario } from './scenario.ts'

/** One of the requests in flight. When it ends, it is sent again. */
class Slot {
  readonly #agent: Dispatcher
  readonly #next: () => Dispatcher.DispatchOptions
  readonly #meter: Meter
  readonly #ended: (error?: Error) => void
  #startedAt = 0

  constructor(
    agent: Dispatcher,
    next: () => Dispatcher.DispatchOptions,
    meter: Meter,
    ended: (error?: Error) => void,
  ) {
    this.#agent = agent
    this.#next = next
    this.#meter = meter
    this.#ended = ended
  }

  send(): void {
    this.#startedAt = this.#meter.latency.start()
    this.#agent.dispatch(this.#next(), this)
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    if (status !== 200) this.#ended(new Error(`status ${status}`))
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#meter.bytes += chunk.length
  }

  onResponseEnd(): void {
    this.#meter.latency.end(this.#startedAt)
    this.#meter.requests += 1
    if (this.#meter.running) this.send()
    else this.#ended()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#ended(error)
  }
}

/** With this many or more in flight, one request in eight is timed. */
const kManyInFlight = 50

/** `next`, which is made for the origin, returns the options of each request. */
export function inFlight(
  count: number,
  next: (origin: string) => () => Dispatcher.DispatchOptions,
): TimedScenario['drive'] {
  return async (client, origin, meter) => {
    meter.latency.every = count >= kManyInFlight ? 8 : 1
    const agent = agentOf(client)
    const options = next(origin)
    const slots = Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const slot = new Slot(agent, options, meter, (error) => (error ? reject(error) : resolve()))
      slot.send()
      return promise
    })
    await Promise.all(slots)
  }
}
