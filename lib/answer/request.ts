import { AsyncResource } from 'node:async_hooks'
import { RequestCall, type Settle } from './request-call.ts'

/** An object that can send requests. */
interface Sender {
  dispatch(options: unknown, handler: unknown): unknown
}

const method = function request(this: Sender, options: unknown, callback?: unknown): unknown {
  if (callback === undefined) {
    return new Promise((resolve, reject) => {
      const settle: Settle = (error, data) => (error ? reject(error) : resolve(data))
      try {
        this.dispatch(options, new RequestCall(options as object, settle))
      } catch (error) {
        refuse(error, options, settle)
      }
    })
  }
  try {
    this.dispatch(options, new RequestCall(options as object, inContext(callback)))
  } catch (error) {
    if (typeof callback !== 'function') {
      throw error
    }
    refuse(error, options, callback as Settle)
  }
  return undefined
}

function refuse(error: unknown, options: unknown, settle: Settle): void {
  const opaque = (options as { opaque?: unknown } | null | undefined)?.opaque
  queueMicrotask(() => settle(error, { opaque }))
}

// A promise keeps the AsyncLocalStorage context of the function that awaits it; a callback needs help.
function inContext(callback: unknown): Settle {
  if (typeof callback !== 'function') {
    return callback as Settle
  }
  const resource = new AsyncResource('UNDICI_REQUEST')
  return (error, data) => {
    resource.runInAsyncScope(callback as Settle, null, error, data)
  }
}

/**
 * `request()` as a method of a dispatcher, like undici's, with our own handler. Returns a promise if there is no
 * `callback`.
 */
export const request: typeof method = method
