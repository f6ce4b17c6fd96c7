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

/**
 * Reads and discards `body` to its end, or up to `limit`. `length` is its declared length; `bytesRead` returns how much
 * has come.
 */
export function readAndDiscard(
  body: Readable,
  length: number,
  limit: number,
  bytesRead: () => number,
  signal: AbortSignal | null | undefined,
): Promise<null | undefined> {
  return new Promise((resolve, reject) => {
    if (length > limit || bytesRead() > limit) {
      body.destroy(new AbortError())
    }
    if (signal === undefined || signal === null) {
      body.on('close', resolve)
    } else {
      const following = addAbortListener(signal, () => {
        body.destroy(signal.reason ?? new AbortError())
      })
      body.on('close', () => {
        following[Symbol.dispose]()
        if (signal.aborted) {
          reject(signal.reason ?? new AbortError())
        } else {
          resolve(null)
        }
      })
    }
    body
      .on('error', () => {})
      .on('data', () => {
        if (bytesRead() > limit) {
          body.destroy()
        }
      })
      .resume()
  })
}
