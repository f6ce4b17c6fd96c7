import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { NativeDownloadResult } from '../native/download-contract.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { anySignal } from './any-signal.ts'
import { DownloadFeed } from './download-feed.ts'
import {
  downloadSettings,
  type DownloadOptions,
  type DownloadSettings,
  type StreamDownload,
} from './download-options.ts'
import { downloadBase } from './download-result.ts'
import { followedDownload } from './followed-download.ts'

/** A download whose bytes are read in order. */
interface FedDownload {
  readonly feed: DownloadFeed
  /** Resolves when all bytes have been read; if it rejects, the feed's Readable is destroyed with its error. */
  readonly ended: Promise<NativeDownloadResult>
  /** Ends it with this error, unless it has ended. */
  cancel(reason: unknown): void
}

function startFed(url: URL, settings: DownloadSettings): FedDownload {
  const own = new AbortController()
  const signal = anySignal(own.signal, settings.signal)
  const feed = new DownloadFeed()
  const ended = followedDownload(url, { ...settings, signal }, feed).then(
    (result) => {
      feed.end()
      return result
    },
    (error: unknown) => {
      feed.readable.destroy(error as Error)
      throw error
    },
  )
  ended.catch(() => {})
  return { feed, ended, cancel: (reason) => own.abort(reason) }
}

/** Writes the object into a stream, and ends it. Rejects with the stream's error if that fails. */
export async function downloadInto(
  url: URL,
  settings: DownloadSettings,
  to: NonNullable<DownloadSettings['stream']>,
): Promise<NativeDownloadResult> {
  const { feed, ended, cancel } = startFed(url, settings)
  const written = pipeline(feed.readable, to as Writable).catch((error: unknown) => {
    cancel(error)
    throw error
  })
  const [result] = await Promise.allSettled([ended, written])
  if (result.status === 'rejected') {
    throw result.reason
  }
  await written
  return result.value
}

/**
 * Downloads the object at `url` like `download()`, and gives its bytes in order, as fast as they are taken. At most about
 * `concurrency` × `rangeSize` bytes, and no more than 32 MiB, are held. Leaving the loop cancels the download and waits
 * until nothing of it goes on.
 *
 * Throws the errors with which `download()` rejects. The value that the generator returns is the result. An object whose
 * checksum is wrong has been given by then, except for its last bytes.
 */
export async function* downloadChunks(
  url: string | URL,
  options: Omit<DownloadOptions, 'to' | 'resume' | 'sync'> = {},
): AsyncGenerator<Buffer, StreamDownload, undefined> {
  const startedAt = performance.now()
  const settings = downloadSettings({ ...options, to: 'buffer' })
  const { feed, ended, cancel } = startFed(parseUrl(url), settings)
  try {
    for await (const chunk of feed.readable) {
      yield chunk as Buffer
    }
    return downloadBase(await ended, startedAt)
  } finally {
    cancel(undefined)
    await ended.catch(() => {})
  }
}
