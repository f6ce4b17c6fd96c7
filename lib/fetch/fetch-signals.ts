/** A call that a signal can abort. */
export interface Abortable {
  abort(reason: unknown): void
}

/**
 * The calls in flight for each signal. A signal has one listener, however many calls there are, and none when all have
 * ended.
 */
const followers = new WeakMap<AbortSignal, Set<Abortable>>()

/** REQUIRES: `signal` has not aborted. */
export function follow(signal: AbortSignal, call: Abortable): void {
  let calls = followers.get(signal)
  if (calls === undefined) {
    calls = new Set()
    followers.set(signal, calls)
  }
  if (calls.size === 0) {
    signal.addEventListener('abort', onAbort, { once: true })
  }
  calls.add(call)
}

export function unfollow(signal: AbortSignal, call: Abortable): void {
  const calls = followers.get(signal)
  if (calls !== undefined && calls.delete(call) && calls.size === 0) {
    signal.removeEventListener('abort', onAbort)
  }
}

function onAbort(event: Event): void {
  const signal = event.target as AbortSignal
  const calls = followers.get(signal)
  followers.delete(signal)
  for (const call of calls ?? []) {
    call.abort(signal.reason)
  }
}
