import type { Dispatcher } from 'undici'
import { emit } from './emit.ts'
import type { Origin } from '../origins/origins.ts'

/** A response whose end waits because its handler has paused. */
export interface HeldResponse {
  readonly isLingering: boolean
}

interface HeldDisconnect {
  readonly origin: Origin
  readonly behind: readonly HeldResponse[]
  readonly emit: () => void
}

type EventName = 'connect' | 'disconnect' | 'connectionError' | 'drain'

/** Emits the events of a dispatcher. An origin that had no room is owed a `drain` event. */
export class DispatcherEvents {
  readonly #emitter: Dispatcher
  readonly #mayDrain: (origin: Origin) => boolean
  readonly #onDrained: (origin: Origin) => void
  #owingDrain: Set<Origin> | undefined
  /** emissions that are scheduled */
  #later = 0
  #held: HeldDisconnect[] = []

  /** `mayDrain` tells whether an origin has room again; `onDrained` is called after the `drain` event. */
  constructor(
    emitter: Dispatcher,
    mayDrain: (origin: Origin) => boolean,
    onDrained: (origin: Origin) => void,
  ) {
    this.#emitter = emitter
    this.#mayDrain = mayDrain
    this.#onDrained = onDrained
  }

  /** Waits for the `disconnect` of a connection that ended earlier. */
  connect(origin: Origin): void {
    if (this.#later === 0) {
      this.emit('connect', origin)
    } else {
      this.#emitLater('connect', origin)
    }
  }

  /**
   * When a connection ends, its response or its request's error comes first: the calls of the handler, and what they
   * cause, such as the 'end' of a body. If handlers have paused, the event waits until the responses in `behind` have
   * ended.
   */
  disconnect(origin: Origin, error: () => Error, behind: readonly HeldResponse[]): void {
    if (behind.length === 0) {
      this.#emitLater('disconnect', origin, error)
    } else {
      const emit = (): void => this.#emitLater('disconnect', origin, error)
      this.#held.push({ origin, behind, emit })
    }
  }

  /** Call this when a response of the origin has ended. */
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

  /** Resolves when all scheduled events have been emitted. */
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

  /**
   * `error()` is called only if there is a listener. A listener that throws does not break the batch that is being
   * read.
   */
  emit(event: EventName, origin: Origin, error?: () => Error): void {
    const emitter = this.#emitter
    if (emitter.listenerCount(event) === 0) {
      return
    }
    emit(emitter, event, () => [origin.url, [emitter], ...(error === undefined ? [] : [error()])])
  }

  /** Emits `drain` in a microtask: never inside a dispatch(), and once for all requests that a batch has ended. */
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
