import { setTimeout as sleep } from 'node:timers/promises'
import { errors } from '../compat/undici.ts'
import { refused } from './download-error.ts'
import type { LoadedItem, LoadSettings } from './load-options.ts'
import type { LoadJob } from './load-source.ts'

/** An item to load, and who waits for it. Exactly one of the two functions is called. */
export interface LoadTask {
  readonly job: LoadJob
  onLoaded(item: LoadedItem): void
  onFailed(error: unknown): void
}

/** Loads the items of a loop. Its signal ends everything. */
export interface ItemLoader {
  /** Whether one more may be given, while that many have not ended. */
  hasRoom(running: number): boolean
  start(task: LoadTask): void
  /** The reader waits for that many items more. Other items need not be reported before. */
  want(count: number): void
  /** Resolves when nothing is left of the loader. REQUIRES: the signal is aborted, or all tasks have ended. */
  close(): Promise<void>
}

const mostDelay = 30_000

/** Statuses after which the same request may succeed a little later. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504])

/** Errors that would come again. */
const lasting = [
  errors.InvalidArgumentError,
  errors.NotSupportedError,
  errors.ClientDestroyedError,
  errors.ClientClosedError,
  errors.ResponseExceededMaxSizeError,
]

/** Why an attempt to load an item has failed. */
export interface Failure {
  readonly error: unknown
  /** whether the next attempt would fail as well */
  readonly isFinal: boolean
  /** what the server asks for, as a header's value */
  readonly retryAfter: string
}

export function failureOf(error: unknown): Failure {
  const isFinal = lasting.some((Class) => error instanceof Class)
  return { error, isFinal, retryAfter: '' }
}

/** The failure for a status that is not of the 200s. */
export function refusal(status: number, headers: LoadedItem['headers']): Failure {
  const retryAfter = String(headers['retry-after'] ?? '')
  return { error: refused(status), isFinal: !passing.has(status), retryAfter }
}

/** Waits until the time of the next attempt; `attempt` counts from 0. Rejects if there is none. */
export async function waitForRetry(
  { error, isFinal, retryAfter }: Failure,
  attempt: number,
  { retries, retryDelay }: LoadSettings<unknown>,
  signal: AbortSignal,
): Promise<void> {
  if (isFinal || signal.aborted || attempt === retries) {
    throw error
  }
  const asked = Number(retryAfter) * 1000 || 0
  const backOff = retryDelay * 2 ** Math.min(attempt, 20) * (0.5 + Math.random() / 2)
  await sleep(Math.min(Math.max(backOff, asked), mostDelay), undefined, { signal })
}
