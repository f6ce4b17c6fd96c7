import { AsyncResource } from 'node:async_hooks'
import { createHash, randomBytes } from 'node:crypto'
import type { NativeHost } from '../api/native-dispatcher.ts'
import { loadBinding } from '../native/load.ts'
import {
  DownloadEnd,
  type NativeDownloadOptions,
  type NativeDownloadResult,
} from '../native/download-contract.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { downloadError, refused } from './download-error.ts'
import type { DownloadSettings } from './download-options.ts'
import type { DownloadFeed } from './download-feed.ts'
import { headersForOthers } from './header-pairs.ts'
import { DownloadTenant } from './download-tenant.ts'
import { hostOf, nativeRequest, type NativeRequest } from './native-request.ts'

type Place = Pick<NativeDownloadOptions, 'path' | 'temporaryPath' | 'resumeKey'>

function placeOf(url: URL, { path, resumes }: DownloadSettings): Place {
  if (path === undefined) {
    return { path: '', temporaryPath: '', resumeKey: '' }
  }
  if (!resumes) {
    const temporaryPath = `${path}.${randomBytes(6).toString('hex')}.download`
    return { path, temporaryPath, resumeKey: '' }
  }
  // The key is written into a file, and a URL may have secrets.
  const resumeKey = createHash('sha256').update(url.href).digest('hex')
  return { path, temporaryPath: `${path}.download`, resumeKey }
}

/**
 * Downloads what is at a URL, or where it redirects to. Resolves when the object is whole, and its bytes have been read
 * from the feed, if there is one.
 */
export async function followedDownload(
  first: URL,
  settings: DownloadSettings,
  feed?: DownloadFeed,
): Promise<NativeDownloadResult> {
  settings.signal?.throwIfAborted()
  const host = hostOf(settings.dispatcher)
  const tenant = new DownloadTenant()
  host.tenants.enter(tenant)
  try {
    const signal = tenant.signalWith(settings.signal)
    return await follow(first, host, { ...settings, signal }, feed)
  } catch (error) {
    tenant.end()
    await tenant.whenTold()
    throw error
  } finally {
    tenant.end()
    host.tenants.leave(tenant)
  }
}

async function follow(
  first: URL,
  host: NativeHost,
  settings: DownloadSettings,
  feed: DownloadFeed | undefined,
): Promise<NativeDownloadResult> {
  let url = first
  let { headers } = settings
  const place = placeOf(first, settings)
  for (let redirects = 0; ; redirects++) {
    settings.signal?.throwIfAborted()
    const request = await nativeRequest(host, url, headers)
    const result = await run(request, settings, place, feed)
    if (result.end === DownloadEnd.whole) {
      return result
    }
    if (result.end !== DownloadEnd.redirected) {
      throw downloadError(result, request.to, settings.path, settings.expectedChecksum)
    }
    if (redirects === settings.maxRedirects) {
      throw refused(result.status)
    }
    const next = parseUrl(new URL(Buffer.from(result.location, 'latin1').toString(), url))
    if (next.origin !== url.origin) {
      headers = headersForOthers(headers)
    }
    url = next
  }
}

/** Resolves when nothing of the download goes on. Rejects if the signal or `onProgress` has ended it. */
function run(
  { client, request }: NativeRequest,
  settings: DownloadSettings,
  place: Place,
  feed: DownloadFeed | undefined,
): Promise<NativeDownloadResult> {
  const { signal, onProgress } = settings
  signal?.throwIfAborted()
  const { startDownload, cancelDownload, readDownload } = loadBinding()
  const { promise, resolve, reject } = Promise.withResolvers<NativeDownloadResult>()
  const startedAt = performance.now()
  let reportedAt = startedAt
  const report = onProgress === undefined ? undefined : AsyncResource.bind(onProgress)
  let failure: { readonly reason: unknown } | undefined
  let hasThrown = false
  const cancel = (reason: unknown): void => {
    failure ??= { reason }
    cancelDownload(number)
  }
  const onNews = (
    received: number,
    total: number,
    resumed: number,
    result: NativeDownloadResult | undefined,
  ): void => {
    const now = performance.now()
    // What a feed is told may come more often.
    const isDue = feed === undefined || now - reportedAt >= 100
    if (result === undefined ? isDue : result.end === DownloadEnd.whole) {
      reportedAt = now
      try {
        const rate = (received - resumed) / ((now - startedAt) / 1000)
        if (failure === undefined) {
          report?.({ received, total: total < 0 ? undefined : total, rate })
        }
      } catch (error) {
        hasThrown = true
        cancel(error)
      }
    }
    if (result === undefined) {
      feed?.onReadable()
    } else {
      signal?.removeEventListener('abort', onAbort)
      // A download that is whole before it sees the abort is whole.
      if (failure !== undefined && (hasThrown || result.end === DownloadEnd.cancelled)) {
        reject(failure.reason)
      } else {
        resolve(result)
      }
    }
  }
  const onAbort = (): void => cancel(signal?.reason)
  const number = startDownload(
    client,
    {
      ...request,
      ...place,
      window: feed === undefined ? 0 : windowOf(settings),
      syncs: settings.syncs,
      rangeSize: settings.rangeSize,
      mostRangeSize: settings.mostRangeSize,
      concurrency: settings.concurrency,
      retries: settings.retries,
      retryDelay: settings.retryDelay,
      maxRetryDelay: settings.maxRetryDelay,
      restartsIfChanged: settings.restartsIfChanged,
      checksum: settings.checksum,
      expectedChecksum: settings.expectedChecksum,
    },
    onNews,
  )
  signal?.addEventListener('abort', onAbort, { once: true })
  feed?.connect(() => readDownload(number))
  return promise
}

/** How much a stream holds: what is asked for at a time, within limits. */
function windowOf({ rangeSize, concurrency }: DownloadSettings): number {
  return Math.min(Math.max(rangeSize * concurrency, 1024 * 1024), 32 * 1024 * 1024)
}
