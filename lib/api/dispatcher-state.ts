import type { Handler } from '../compat/handler.ts'
import type { OriginStats } from './origin-stats.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

export type Callback = (error: Error | null, data: null) => void

/**
 * What does the work of a dispatcher of ours: native clients, or where its options want that a dispatcher of undici's.
 * Apart from the dispatcher, as its methods run on undici's Proxy too.
 */
export interface DispatcherState {
  readonly closed: boolean
  readonly destroyed: boolean
  /** REQUIRES: neither closed nor destroyed. `to` is the origin. Throws what is wrong with the request. */
  dispatch(opts: DispatchOptions, handler: Handler, to: unknown): boolean
  close(callback: Callback): void
  destroy(reason: unknown, callback: Callback): void
  /** By origin. */
  stats(): Record<string, OriginStats>
  statsOf(origin: string): OriginStats
  /** The next request to this origin waits. */
  isBusy(origin: string): boolean
  /** undici's name for them: its MockAgent puts its own dispatchers there. */
  clients(): Map<unknown, unknown>
  /** `0`: each connection is closed after one request. */
  setPipelining(value: number): void
}
