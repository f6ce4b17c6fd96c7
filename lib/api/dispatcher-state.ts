import type { Handler } from '../compat/handler.ts'
import type { OriginStats } from './origin-stats.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

export type Callback = (error: Error | null, data: null) => void

/**
 * Does the work of a dispatcher: with native clients, or with a dispatcher of undici's if the options need one. It is
 * an object of its own because undici's compose() runs the dispatcher's methods on a Proxy.
 */
export interface DispatcherState {
  readonly closed: boolean
  readonly destroyed: boolean
  /** REQUIRES: neither closed nor destroyed. `to` is the origin. Throws if the request is invalid. */
  dispatch(opts: DispatchOptions, handler: Handler, to: unknown): boolean
  close(callback: Callback): void
  destroy(reason: unknown, callback: Callback): void
  /** The counts of each origin, by its name. */
  stats(): Record<string, OriginStats>
  statsOf(origin: string): OriginStats
  /** Whether the next request to this origin would wait. */
  isBusy(origin: string): boolean
  /** The map in which undici's MockAgent puts its own dispatchers. */
  clients(): Map<unknown, unknown>
  /** `0`: each connection is closed after one request. */
  setPipelining(value: number): void
}
