import type { Writable } from 'node:stream'
import { parseUrl } from '../origins/origin-url.ts'
import {
  downloadSettings,
  type BufferDownload,
  type DownloadOptions,
  type FileDownload,
  type StreamDownload,
} from './download-options.ts'
import { downloadBase } from './download-result.ts'
import { downloadInto } from './download-stream.ts'
import { followedDownload } from './followed-download.ts'

/**
 * Downloads the object at `url` by ranges that are read in parallel, on native threads: JavaScript does not see the
 * bytes, unless they go into a stream. Its connections are the download's own, made with the options of the dispatcher.
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
export function download(
  url: string | URL,
  options: DownloadOptions & { to: Writable | WritableStream<Uint8Array> },
): Promise<StreamDownload>
export function download(
  url: string | URL,
  options: DownloadOptions & { to: string | URL },
): Promise<FileDownload>
export async function download(
  url: string | URL,
  options: DownloadOptions,
): Promise<BufferDownload | FileDownload | StreamDownload> {
  const startedAt = performance.now()
  const settings = downloadSettings(options)
  const { path, stream } = settings
  const first = parseUrl(url)
  if (stream !== undefined) {
    return downloadBase(await downloadInto(first, settings, stream), startedAt)
  }
  const result = await followedDownload(first, settings)
  const base = downloadBase(result, startedAt)
  return path === undefined
    ? { bytes: result.bytes as Buffer, ...base }
    : { path, resumed: result.resumed, ...base }
}
