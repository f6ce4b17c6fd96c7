import type { Dispatcher } from 'undici'
import { throwLater } from '../errors/throw-later.ts'
import type { Origin } from '../origins/origins.ts'

type EventName = 'connect' | 'disconnect' | 'connectionError' | 'drain'

/** Emits the events of a dispatcher, and owes `drain` to origins that had no room. */
export class DispatcherEvents {
  readonly #emitter: Dispatcher
  readonly #mayDrain: (origin: Origin) => boolean
  readonly #onDrained: (origin: Origin) => void
  #owingDrain: Set<Origin> | undefined

  /** `mayDrain` tells whether an origin has room again; `onDrained` is called behind its event. */
  constructor(
    emitter: Dispatcher,
    mayDrain: (origin: Origin) => boolean,
    onDrained: (origin: Origin) => void,
  ) {
    this.#emitter = emitter
    this.#mayDrain = mayDrain
    this.#onDrained = onDrained
  }

  /** `error` is made only if somebody listens. A listener that throws does not break the batch that is being read. */
  emit(event: EventName, origin: Origin, error?: () => Error): void {
    const emitter = this.#emitter
    if (emitter.listenerCount(event) === 0) {
      return
    }
    try {
      const values: unknown[] = [origin.url, [emitter]]
      if (error !== undefined) {
        values.push(error())
      }
      // undici's type lists each event on its own.
      ;(emitter.emit as (event: string, ...values: unknown[]) => boolean).call(
        emitter,
        event,
        ...values,
      )
    } catch (thrown) {
      throwLater(thrown)
    }
  }

  /** Never from inside a dispatch, and once for all requests that a batch ended. */
  drainSoon(origin: Origin): void {
    if (this.#owingDrain === undefined) {
      this.#owingDrain = new Set()
      queueMicrotask(() => this.#drain())
    }
    this.#owingDrain.add(origin)
  }

  #drain(): void {
    const origins = this.#owingDrain ?? []
    this.#owingDrain = undefined
    for (const origin of origins) {
      if (origin.drainOwed && this.#mayDrain(origin)) {
        origin.drainOwed = false
        this.emit('drain', origin)
        this.#onDrained(origin)
      }
    }
  }
}
