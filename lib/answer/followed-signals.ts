import { addAbortListener, type EventEmitter } from 'node:events'
import { throwLater } from '../errors/throw-later.ts'

/** A call that a signal can abort. */
export interface Abortable {
  abort(reason: unknown): void
}

/** What a program may pass as a signal: an AbortSignal, or any object with an `abort` event. */
export type Signal = AbortSignal | EventTarget | EventEmitter

/** The calls in flight with a signal. The signal has one listener for all of them, and none when all have ended. */
class Followers {
  readonly #signal: Signal
  readonly #calls = new Set<Abortable>()

  constructor(signal: Signal) {
    this.#signal = signal
  }

  add(call: Abortable): void {
    if (this.#calls.size === 0) {
      listen(this.#signal, this.#onAbort)
    }
    this.#calls.add(call)
  }

  delete(call: Abortable): void {
    if (this.#calls.delete(call) && this.#calls.size === 0) {
      stopListening(this.#signal, this.#onAbort)
    }
  }

  readonly #onAbort = (): void => {
    const calls = [...this.#calls]
    this.#calls.clear()
    const { reason } = this.#signal as Partial<AbortSignal>
    for (const call of calls) {
      try {
        call.abort(reason)
      } catch (error) {
        throwLater(error)
      }
    }
  }
}

// A property of the signal, because most programs have a signal for each call, and a WeakMap entry costs more than all
// the rest of this file.
const kFollowers = Symbol('followers')

interface Followed {
  [kFollowers]?: Followers
}

/** The calls of signals that can't have new properties. */
const ofFrozen = new WeakMap<Signal, Followers>()

/** REQUIRES: `signal` has not aborted. */
export function follow(signal: Signal, call: Abortable): void {
  let followers = followersOf(signal)
  if (followers === undefined) {
    followers = new Followers(signal)
    if (Object.isExtensible(signal)) {
      ;(signal as Followed)[kFollowers] = followers
    } else {
      ofFrozen.set(signal, followers)
    }
  }
  followers.add(call)
}

export function unfollow(signal: Signal, call: Abortable): void {
  followersOf(signal)?.delete(call)
}

function followersOf(signal: Signal): Followers | undefined {
  // Own properties only, because another signal may be its prototype.
  return Object.hasOwn(signal, kFollowers) ? (signal as Followed)[kFollowers] : ofFrozen.get(signal)
}

interface ListenerOptions {
  once: boolean
}

/**
 * The options with which `addAbortListener()` listens: its listener is called even after one that stops the event. Their
 * names are internal to Node.
 */
const abortOptions = readAbortOptions()

function readAbortOptions(): ListenerOptions {
  let options: ListenerOptions = { once: true }
  const signal = {
    aborted: false,
    addEventListener(_type: string, _listener: unknown, given: ListenerOptions) {
      options = given
    },
    removeEventListener() {},
  }
  addAbortListener(signal as unknown as AbortSignal, () => {})
  return options
}

function isEventTarget(signal: Signal): signal is EventTarget {
  return 'aborted' in signal || 'addEventListener' in signal
}

function listen(signal: Signal, onAbort: () => void): void {
  if (isEventTarget(signal)) {
    signal.addEventListener('abort', onAbort, abortOptions)
  } else {
    signal.once('abort', onAbort)
  }
}

function stopListening(signal: Signal, onAbort: () => void): void {
  if (isEventTarget(signal)) {
    signal.removeEventListener('abort', onAbort)
  } else {
    signal.removeListener('abort', onAbort)
  }
}
