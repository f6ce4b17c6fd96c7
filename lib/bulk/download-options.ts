import { Stream, isWritable, type Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Dispatcher } from 'undici'
import { errors } from '../compat/undici.ts'
import { ChecksumKind } from '../native/download-contract.ts'
import { headerPairs, type HeaderPair, type HeadersLike } from './header-pairs.ts'
import { checkShared, integer, mostTime } from './option-checks.ts'

const { InvalidArgumentError } = errors

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes so far. It may go down when a server's response turns out to be wrong. */
  received: number
  /** The object's size in bytes; `undefined` while the server has not told it. */
  total: number | undefined
  /** Bytes per second, since the download began. */
  rate: number
}

/** Options of `download()`. */
export interface DownloadOptions {
  /**
   * Where the object goes: `'buffer'` for memory; the path of a file, as a string or a `file:` URL; or a stream of Node
   * or of the web. The file is written under a temporary name in the same folder, and gets its name when it is whole. A
   * stream gets the bytes in order, as fast as it takes them, and is ended; if the download fails it is destroyed.
   */
  to: string | URL | Writable | WritableStream<Uint8Array>
  /** An Agent, Pool or Client of dodici, without interceptors, whose options are used. Default: the global dispatcher. */
  dispatcher?: Dispatcher
  /** Ends the download: connections are closed, the temporary file is removed, and the promise rejects with its reason. */
  signal?: AbortSignal
  /**
   * Whether to go on with the part of the file that an earlier download of the same URL has left, and to keep the part if
   * this one fails or is aborted: as `<path>.download`, with `<path>.download.json`. If the object has changed, or if the
   * two do not fit, the download begins anew. Default: `false`.
   */
  resume?: boolean
  /** Headers of each request, without `range`, `if-range` and `accept-encoding`. Not sent to another origin: credentials. */
  headers?: HeadersLike
  /** Size of a range in bytes. Default: 8 MiB, and up to 256 MiB as long as ranges take less than five seconds. */
  rangeSize?: number
  /** How many ranges are asked for at a time. Fewer, while the server refuses some. Default: `8`. */
  concurrency?: number
  /** How many times in a row a range may fail without one new byte. Default: `5`. */
  retries?: number
  /** Time before the first retry, in milliseconds, doubled for each further one. Default: `500`. */
  retryDelay?: number
  /** The longest time before a retry, in milliseconds, whatever `Retry-After` says. Default: `30_000`. */
  maxRetryDelay?: number
  /** How many redirects are followed before the first range. Default: `10`. */
  maxRedirects?: number
  /** What to do if the object changes meanwhile: fail, or begin again, once. Default: `'fail'`. */
  ifChanged?: 'fail' | 'restart'
  /** A checksum to compute, and the value that it must have, in hexadecimal digits. */
  checksum?: { algorithm: 'sha256' | 'crc32c' | 'md5'; value?: string }
  /** Whether the file is on the disk (`fsync`) before it gets its name. Default: `false`. */
  sync?: boolean
  /** Called at most ten times a second. If it throws, the download fails with its error. */
  onProgress?: (progress: DownloadProgress) => void
}

/** What all results have. */
export interface DownloadBase {
  /** In bytes. */
  size: number
  /** As the server sent it; `undefined` if it sent none. */
  etag: string | undefined
  /** In how many responses the object came. */
  ranges: number
  /** How many requests were sent again. */
  retries: number
  /** The checksum that was asked for, in lower-case hexadecimal digits. */
  checksum: string | undefined
  /** How long it took. */
  seconds: number
}

/** The result with `to: 'buffer'`. */
export interface BufferDownload extends DownloadBase {
  bytes: Buffer
}

/** The result with the path of a file. */
export interface FileDownload extends DownloadBase {
  path: string
  /** How many bytes an earlier download has left, so that they were not loaded again; `0` without `resume`. */
  resumed: number
}

/** The result with a stream. */
export type StreamDownload = DownloadBase

/** Options with their defaults. */
export interface DownloadSettings {
  /** undefined for memory and streams */
  readonly path: string | undefined
  readonly stream: Writable | WritableStream<Uint8Array> | undefined
  readonly resumes: boolean
  readonly dispatcher: Dispatcher | undefined
  readonly signal: AbortSignal | undefined
  readonly headers: readonly HeaderPair[]
  readonly rangeSize: number
  /** ranges grow up to it */
  readonly mostRangeSize: number
  readonly concurrency: number
  readonly retries: number
  readonly retryDelay: number
  readonly maxRetryDelay: number
  readonly maxRedirects: number
  readonly restartsIfChanged: boolean
  readonly checksum: number
  readonly expectedChecksum: string
  readonly syncs: boolean
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined
}

const checksumDigits = { sha256: 64, md5: 32, crc32c: 8 } as const

/** Checks options. Throws undici's InvalidArgumentError, whose message names the invalid one. */
export function downloadSettings(options: DownloadOptions): DownloadSettings {
  checkShared(options)
  const { dispatcher, signal, onProgress, ifChanged = 'fail' } = options
  const { path, stream } = targetOf(options.to)
  const resumes = flag(options, 'resume')
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new InvalidArgumentError('onProgress must be a function')
  }
  if (ifChanged !== 'fail' && ifChanged !== 'restart') {
    throw new InvalidArgumentError("ifChanged must be 'fail' or 'restart'")
  }
  if (resumes && path === undefined) {
    throw new InvalidArgumentError('resume needs the path of a file')
  }
  return {
    path,
    stream,
    resumes,
    dispatcher,
    signal,
    headers: headersOf(options.headers),
    rangeSize: integer(options, 'rangeSize', 8 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
    mostRangeSize: options.rangeSize === undefined ? 256 * 1024 * 1024 : 0,
    concurrency: integer(options, 'concurrency', 8, 1, 1024),
    retries: integer(options, 'retries', 5, 0, 1_000_000),
    retryDelay: integer(options, 'retryDelay', 500, 0, mostTime),
    maxRetryDelay: integer(options, 'maxRetryDelay', 30_000, 0, mostTime),
    maxRedirects: integer(options, 'maxRedirects', 10, 0, 1_000_000),
    restartsIfChanged: ifChanged === 'restart',
    ...checksumOf(options.checksum),
    syncs: flag(options, 'sync'),
    onProgress,
  }
}

function flag(options: DownloadOptions, name: 'resume' | 'sync'): boolean {
  const value: unknown = options[name] ?? false
  if (typeof value !== 'boolean') {
    throw new InvalidArgumentError(`${name} must be a boolean`)
  }
  return value
}

function targetOf(to: unknown): Pick<DownloadSettings, 'path' | 'stream'> {
  if (to === 'buffer') {
    return { path: undefined, stream: undefined }
  }
  if (to instanceof WritableStream || to instanceof Stream) {
    if (!isWritable(to as Writable)) {
      throw new InvalidArgumentError('to must be a stream that can be written to')
    }
    return { path: undefined, stream: to as Writable }
  }
  const path = to instanceof URL && to.protocol === 'file:' ? fileURLToPath(to) : to
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) {
    return { path, stream: undefined }
  }
  throw new InvalidArgumentError("to must be 'buffer', the path of a file, or a stream")
}

const ownHeaders = new Set(['range', 'if-range', 'accept-encoding'])

function headersOf(headers: unknown): HeaderPair[] {
  const pairs = headerPairs(headers)
  const own = pairs.find(([name]) => ownHeaders.has(name.toLowerCase()))
  if (own !== undefined) {
    throw new InvalidArgumentError(`headers must not have ${own[0]}`)
  }
  return pairs
}

function checksumOf(checksum: unknown): Pick<DownloadSettings, 'checksum' | 'expectedChecksum'> {
  if (checksum === undefined) {
    return { checksum: ChecksumKind.none, expectedChecksum: '' }
  }
  if (typeof checksum !== 'object' || checksum === null) {
    throw new InvalidArgumentError('checksum must be an object')
  }
  const { algorithm, value } = checksum as { algorithm?: unknown; value?: unknown }
  if (typeof algorithm !== 'string' || !Object.hasOwn(checksumDigits, algorithm)) {
    throw new InvalidArgumentError("checksum.algorithm must be 'sha256', 'crc32c' or 'md5'")
  }
  const kind = algorithm as keyof typeof checksumDigits
  const digits = checksumDigits[kind]
  if (value === undefined) {
    return { checksum: ChecksumKind[kind], expectedChecksum: '' }
  }
  if (typeof value !== 'string' || value.length !== digits || !/^[\da-f]*$/i.test(value)) {
    throw new InvalidArgumentError(`checksum.value must be ${digits} hexadecimal digits`)
  }
  return { checksum: ChecksumKind[kind], expectedChecksum: value.toLowerCase() }
}
