/** Waits for an event, with a deadline whose error names it. Tests never sleep until something has happened. */
import type { EventEmitter } from 'node:events'
import { timeFactor } from './time-factor.ts'

/** Long enough for a slow machine under load: after this time the event will not come. */
export const kExpectNoTimeout = 15_000 * timeFactor

/** Resolves as `promise`, or rejects with an error that says what did not come in time. */
export async function within<T>(
  what: string,
  promise: PromiseLike<T>,
  deadlineMs: number = kExpectNoTimeout,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`waited ${deadlineMs} ms in vain for: ${what}`)
    timer = setTimeout(() => reject(error), deadlineMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The arguments of the next `event`. */
export function waitFor(
  emitter: EventEmitter,
  event: string,
  deadlineMs: number = kExpectNoTimeout,
): Promise<unknown[]> {
  const { promise, resolve } = Promise.withResolvers<unknown[]>()
  const listener = (...args: unknown[]): void => resolve(args)
  emitter.once(event, listener)
  return within(`event '${event}'`, promise, deadlineMs).finally(() => emitter.off(event, listener))
}

/** Resolves as soon as `condition` holds. */
export function until(
  what: string,
  condition: () => boolean,
  deadlineMs: number = kExpectNoTimeout,
): Promise<void> {
  return untilAsync(what, condition, deadlineMs)
}

/** Like `until`, for an asynchronous condition. */
export async function untilAsync(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number = kExpectNoTimeout,
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Lets `count` turns of the event loop pass: time for a call that must not come. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Time for a call that must not come and that would need the network. */
export function quiet(ms = 60): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
