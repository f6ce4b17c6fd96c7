/** The part of the wire contract for downloads. `core/include/dodici/download.h` defines the same numbers. */

/** Algorithms of `NativeDownloadOptions.checksum`. */
export const ChecksumKind = {
  none: 0,
  sha256: 1,
  md5: 2,
  crc32c: 3,
} as const

/** How a download has ended; the comments name the fields of NativeDownloadResult that tell more. */
export const DownloadEnd = {
  whole: 0,
  cancelled: 1,
  /** status, location */
  redirected: 2,
  /** code, detail, message, socket: as in a `failed` record */
  networkFailed: 3,
  /** status */
  refused: 4,
  changed: 5,
  /** text: what the server sent instead */
  wrongRange: 6,
  /** text: the coding */
  encoded: 7,
  wrongChecksum: 8,
  /** systemError, syscall */
  systemFailed: 9,
} as const

/** Times are whole milliseconds; 0 turns a timeout off. */
export interface NativeDownloadOptions {
  /** the request for the whole object in the form of `submit()`, with its addresses; a GET without a range */
  text: string
  allowHttp2: boolean
  closeConnection: boolean
  headersTimeout: number
  bodyTimeout: number
  /** empty for memory */
  path: string
  /** the name of the file until it is whole; it must not exist, unless there is a resumeKey */
  temporaryPath: string
  /** names what is asked for, if a later download with the same key may go on with the file; otherwise empty */
  resumeKey: string
  /** above 0 the object is read by readDownload(), and about so many bytes are held for it */
  window: number
  /** whether the file is on the disk before it gets its name */
  syncs: boolean
  rangeSize: number
  /** if it is more than rangeSize, ranges grow up to it while they come fast */
  mostRangeSize: number
  concurrency: number
  /** how many times in a row a range may fail without one new byte */
  retries: number
  retryDelay: number
  maxRetryDelay: number
  /** whether to begin again, once, if the object changes */
  restartsIfChanged: boolean
  /** one of ChecksumKind */
  checksum: number
  /** lower-case hexadecimal; empty if it is only to be computed */
  expectedChecksum: string
}

/** Texts are latin1. */
export interface NativeDownloadResult {
  /** one of DownloadEnd */
  end: number
  size: number
  etag: string
  /** bytes that an earlier download has left */
  resumed: number
  ranges: number
  retries: number
  checksum: string
  /** the object, if it is whole and did not go into a file; empty if it did */
  bytes?: Buffer
  status: number
  location: string
  code: number
  detail: number
  message: string
  socket: string
  text: string
  systemError: number
  syscall: string
}

/**
 * Called at most ten times a second while bytes come, and once with a result. `total` is -1 while it is not known;
 * `resumed` of the bytes that were received are from an earlier download. Must not throw.
 */
export type OnDownloadNews = (
  received: number,
  total: number,
  resumed: number,
  result: NativeDownloadResult | undefined,
) => void

/** The part of NativeBinding for downloads. */
export interface DownloadBinding<NativeClientOptions> {
  /**
   * Starts a download, which has connections of its own, and returns its number. It keeps the process alive until it has
   * ended.
   */
  startDownload(
    client: NativeClientOptions,
    options: NativeDownloadOptions,
    onNews: OnDownloadNews,
  ): number
  /** Ends a download soon as `cancelled`, unless it has ended before. */
  cancelDownload(number: number): void
  /**
   * The next bytes of a download with a window, in order; undefined if there are none now. Then `onNews` is called when
   * there are some. The download does not end as `whole` before all bytes are read.
   */
  readDownload(number: number): Buffer | undefined
}
