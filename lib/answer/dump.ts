import { addAbortListener } from 'node:events'
import type { Readable } from 'node:stream'
import { errors } from '../compat/undici.ts'

// undici's types do not show this class.
export const AbortError: new () => Error = (
  errors as unknown as Record<'AbortError', new () => Error>
).AbortError

/** The default limit: longer bodies are aborted instead of being read in vain. */
const mostDumped = 128 * 1024

/** Options of dump(), which reads and discards a body. */
export interface DumpOptions {
  /** In bytes; a longer body is aborted. Default: `131_072`. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export function limitOf(options: DumpOptions | undefined): number {
  const limit = options?.limit
  return limit && Number.isFinite(limit) ? limit : mostDumped
}

/** The promise of a call of dump(). */
export interface Dumped {
  resolve(none?: null): void
  reject(error: unknown): void
}

/** What is known of the length of a body. */
export interface Extent {
  /** its declared length, or 0 */
  readonly length: number
  readonly bytesRead: number
}

/** Reads and discards `body` to its end, or destroys it when it is longer than `limit`. */
export function readAndDiscard(
  body: Readable,
  extent: Extent,
  limit: number,
  signal: AbortSignal | null | undefined,
  dumped: Dumped,
): void {
  if (extent.length > limit || extent.bytesRead > limit) {
    body.destroy(new AbortError())
  }
  if (signal === undefined || signal === null) {
    body.on('close', () => dumped.resolve())
  } else {
    const following = addAbortListener(signal, () => {
      body.destroy(signal.reason ?? new AbortError())
    })
    body.on('close', () => {
      following[Symbol.dispose]()
      if (signal.aborted) {
        dumped.reject(signal.reason ?? new AbortError())
      } else {
        dumped.resolve(null)
      }
    })
  }
  body
    .on('error', () => {})
    .on('data', () => {
      if (extent.bytesRead > limit) {
        body.destroy()
      }
    })
    .resume()
}
