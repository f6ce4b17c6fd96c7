import { addAbortListener } from 'node:events'
import type { Readable } from 'node:stream'
import { errors } from '../compat/undici.ts'

// undici has it, and its types do not say so.
export const AbortError: new () => Error = (
  errors as unknown as Record<'AbortError', new () => Error>
).AbortError

/** Bodies that are announced as longer, or turn out to be, are broken off instead of being read for nobody. */
const mostDumped = 128 * 1024

/** How a body is read for the sake of its connection alone. */
export interface DumpOptions {
  /** Bytes; a longer body is broken off. Default: `131_072`. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export function limitOf(options: DumpOptions | undefined): number {
  const limit = options?.limit
  return limit && Number.isFinite(limit) ? limit : mostDumped
}

/** Reads `body`, which is so long at least, to its end, or to `limit`. `bytesRead` tells how much has come. */
export function readForNobody(
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
