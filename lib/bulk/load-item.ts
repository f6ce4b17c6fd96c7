import { setTimeout as sleep } from 'node:timers/promises'
import { request } from '../api/request.ts'
import { errors } from '../compat/undici.ts'
import { refused } from './download-error.ts'
import type { LoadedItem, LoadSettings } from './load-options.ts'
import type { LoadJob } from './load-source.ts'

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
  errors.ResponseError,
]

/** Loads one object, with retries. Throws undici's `ResponseError` for a status that is not of the 200s. */
export async function loadItem(
  job: LoadJob,
  settings: LoadSettings<unknown>,
  signal: AbortSignal,
): Promise<LoadedItem> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await attemptItem(job, settings, signal).catch((error: unknown) => {
      if (signal.aborted || lasting.some((Class) => error instanceof Class)) {
        throw error
      }
      return { error, retryAfter: undefined }
    })
    if (!('error' in outcome)) {
      return outcome
    }
    if (attempt === settings.retries) {
      throw outcome.error
    }
    const asked = Number(outcome.retryAfter) * 1000 || 0
    const backOff = settings.retryDelay * 2 ** Math.min(attempt, 20) * (0.5 + Math.random() / 2)
    await sleep(Math.min(Math.max(backOff, asked), mostDelay), undefined, { signal })
  }
}

async function attemptItem(
  { url, index, headers: own }: LoadJob,
  { dispatcher, maxBytes }: LoadSettings<unknown>,
  signal: AbortSignal,
): Promise<LoadedItem | { error: unknown; retryAfter: string | undefined }> {
  const { statusCode, headers, body } = await request(url, {
    headers: own.flat(),
    signal,
    ...(dispatcher !== undefined && { dispatcher }),
  })
  if (statusCode < 200 || statusCode > 299) {
    await body.dump()
    const error = refused(statusCode)
    if (!passing.has(statusCode)) {
      throw error
    }
    return { error, retryAfter: String(headers['retry-after'] ?? '') }
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      throw new errors.ResponseExceededMaxSizeError()
    }
    chunks.push(chunk)
  }
  return {
    url: url.href,
    index,
    status: statusCode,
    headers,
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size),
  }
}
