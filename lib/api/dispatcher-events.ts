import type { Dispatcher } from 'undici'
import { emit } from './emit.ts'
import type { Origin } from '../origins/origins.ts'

/** A response that its handler, which has paused, has not seen end. */
export interface HeldResponse {
  readonly isLingering: boolean
}

interface HeldDisconnect {
  readonly origin: Origin
  readonly behind: readonly HeldResponse[]
  readonly emit: () => void
}

type EventName = 'connect' | 'disconnect' | 'connectionError' | 'drain'

/** Emits the events of a dispatcher, and owes `drain` to origins that had no room. */
export class DispatcherEvents {
  readonly #emitter: Dispatcher
  readonly #mayDrain: (origin: Origin) => boolean
  readonly #onDrained: (origin: Origin) => void
  #owingDrain: Set<Origin> | undefined
  /** emissions that are under way */
  #later = 0
  #held: HeldDisconnect[] = []

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

  /** Not before the `disconnect` of a connection that ended earlier. */
  connect(origin: Origin): void {
    if (this.#later === 0) {
      this.emit('connect', origin)
    } else {
      this.#emitLater('connect', origin)
    }
  }

  /**
   * A connection closes behind its response, or fails with its request. What that leads to comes first: calls of the
   * handler, and what waits for those, such as the 'end' of a body; if handlers have paused, when `behind` have ended.
   */
  disconnect(origin: Origin, error: () => Error, behind: readonly HeldResponse[]): void {
    if (behind.length === 0) {
      this.#emitLater('disconnect', origin, error)
    } else {
      const emit = (): void => this.#emitLater('disconnect', origin, error)
      this.#held.push({ origin, behind, emit })
    }
  }

  /** A response of this origin is held no longer. */
  onReleased(origin: Origin): void {
    if (this.#held.length === 0) {
      return
    }
    const mayGo = (one: HeldDisconnect): boolean =>
      one.origin === origin && !one.behind.some((response) => response.isLingering)
    const going = this.#held.filter(mayGo)
    this.#held = this.#held.filter((one) => !going.includes(one))
    for (const { emit } of going) {
      emit()
    }
  }

  /** Resolves when all that has happened was told. */
  async settled(): Promise<void> {
    if (this.#later > 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #emitLater(event: EventName, origin: Origin, error?: () => Error): void {
    this.#later++
    setImmediate(() => {
      this.#later--
      this.emit(event, origin, error)
    })
  }

  /** `error` is made only if somebody listens. A listener that throws does not break the batch that is being read. */
  emit(event: EventName, origin: Origin, error?: () => Error): void {
    const emitter = this.#emitter
    if (emitter.listenerCount(event) === 0) {
      return
    }
    emit(emitter, event, () => [origin.url, [emitter], ...(error === undefined ? [] : [error()])])
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
