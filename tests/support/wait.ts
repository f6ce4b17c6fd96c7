/**
 * Waiting for something that must happen, with a deadline that names it. Tests never sleep to let something happen.
 */
import type { EventEmitter } from 'node:events'

/** Long enough for a slow machine under load: reaching it means that the thing never came. */
export const kExpectNoTimeout = 15_000

/** `promise`, or a rejection that says what did not come in time. */
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

/** Comes back as soon as `condition` holds. */
export function until(
  what: string,
  condition: () => boolean,
  deadlineMs: number = kExpectNoTimeout,
): Promise<void> {
  return untilAsync(what, condition, deadlineMs)
}

/** As `until`, for what is asked of another process. */
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

/** Lets `turns` turns of the event loop pass: room for a call that must not come. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Room for a call that must not come and that would travel over a socket. */
export function quiet(ms = 60): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
