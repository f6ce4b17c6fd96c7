import { addAbortListener, type EventEmitter } from 'node:events'
import { throwLater } from '../errors/throw-later.ts'

/** A call that a signal can abort. */
export interface Abortable {
  abort(reason: unknown): void
}

/** What a program may pass as a signal: an AbortSignal, or any object with an `abort` event. */
export type Signal = AbortSignal | EventTarget | EventEmitter

interface Followers {
  readonly calls: Set<Abortable>
  stopListening: () => void
}

/**
 * The calls in flight for each signal. A signal has one listener, however many calls there are, and none when all have
 * ended.
 */
const followers = new WeakMap<Signal, Followers>()

/** REQUIRES: `signal` has not aborted. */
export function follow(signal: Signal, call: Abortable): void {
  let found = followers.get(signal)
  if (found === undefined) {
    found = { calls: new Set(), stopListening: listen(signal) }
    followers.set(signal, found)
  } else if (found.calls.size === 0) {
    found.stopListening = listen(signal)
  }
  found.calls.add(call)
}

export function unfollow(signal: Signal, call: Abortable): void {
  const found = followers.get(signal)
  if (found !== undefined && found.calls.delete(call) && found.calls.size === 0) {
    found.stopListening()
  }
}

function listen(signal: Signal): () => void {
  const onAbort = (): void => abortAll(signal)
  if ('aborted' in signal) {
    return addAbortListener(signal, onAbort)[Symbol.dispose]
  }
  if ('addEventListener' in signal) {
    signal.addEventListener('abort', onAbort, { once: true })
    return () => signal.removeEventListener('abort', onAbort)
  }
  signal.once('abort', onAbort)
  return () => signal.removeListener('abort', onAbort)
}

function abortAll(signal: Signal): void {
  const found = followers.get(signal)
  followers.delete(signal)
  const { reason } = signal as Partial<AbortSignal>
  for (const call of found?.calls ?? []) {
    try {
      call.abort(reason)
    } catch (error) {
      throwLater(error)
    }
  }
}
