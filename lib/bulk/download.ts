import { AsyncResource } from 'node:async_hooks'
import { createHash, randomBytes } from 'node:crypto'
import { loadBinding } from '../native/load.ts'
import {
  DownloadEnd,
  type NativeDownloadOptions,
  type NativeDownloadResult,
} from '../native/download-contract.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { downloadError, refused } from './download-error.ts'
import {
  downloadSettings,
  type BufferDownload,
  type DownloadBase,
  type DownloadOptions,
  type DownloadSettings,
  type FileDownload,
} from './download-options.ts'
import { headersForOthers } from './header-pairs.ts'
import { nativeRequest, optionsFor, type NativeRequest } from './native-request.ts'

/**
 * Downloads the object at `url` by ranges that are read in parallel, on native threads: JavaScript does not see the
 * bytes. Its connections are the download's own, made with the options of the dispatcher.
 *
 * Rejects with the reason of `signal`; with `InvalidArgumentError` for invalid options, which it names; with
 * `NotSupportedError` for a dispatcher that is not dodici's; with Node's errors for the file, such as `ENOSPC`; with
 * undici's `ResponseError` for a status that is an error; with `DownloadError` if the object changes, if it has another
 * checksum, or if the server sends something else than was asked for; and with the errors of `request()` for the
 * network. Then no file is left, unless the option `resume` keeps it. `EBUSY` says that another download with `resume`
 * writes the same file.
 */
export function download(
  url: string | URL,
  options: DownloadOptions & { to: 'buffer' },
): Promise<BufferDownload>
export function download(url: string | URL, options: DownloadOptions): Promise<FileDownload>
export async function download(
  url: string | URL,
  options: DownloadOptions,
): Promise<BufferDownload | FileDownload> {
  const startedAt = performance.now()
  const settings = downloadSettings(options)
  const first = parseUrl(url)
  const result = await followed(first, settings, placeOf(first, settings))
  const base: DownloadBase = {
    size: result.size,
    etag: result.etag || undefined,
    ranges: result.ranges,
    retries: result.retries,
    checksum: result.checksum || undefined,
    seconds: (performance.now() - startedAt) / 1000,
  }
  return settings.path === undefined
    ? { bytes: result.bytes as Buffer, ...base }
    : { path: settings.path, resumed: result.resumed, ...base }
}

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

async function followed(
  first: URL,
  settings: DownloadSettings,
  place: Place,
): Promise<NativeDownloadResult> {
  let url = first
  let { headers } = settings
  for (let redirects = 0; ; redirects++) {
    settings.signal?.throwIfAborted()
    const request = await nativeRequest(optionsFor(settings.dispatcher, url), url, headers)
    const result = await run(request, settings, place)
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
): Promise<NativeDownloadResult> {
  const { signal, onProgress } = settings
  signal?.throwIfAborted()
  const { startDownload, cancelDownload } = loadBinding()
  const { promise, resolve, reject } = Promise.withResolvers<NativeDownloadResult>()
  const startedAt = performance.now()
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
    if (result === undefined || result.end === DownloadEnd.whole) {
      try {
        const rate = (received - resumed) / ((performance.now() - startedAt) / 1000)
        if (failure === undefined) {
          report?.({ received, total: total < 0 ? undefined : total, rate })
        }
      } catch (error) {
        hasThrown = true
        cancel(error)
      }
    }
    if (result !== undefined) {
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
      syncs: settings.syncs,
      rangeSize: settings.rangeSize,
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
  return promise
}
