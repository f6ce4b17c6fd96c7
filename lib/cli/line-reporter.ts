import type { DownloadProgress } from '../bulk/download-options.ts'
import type { Finished } from './finished.ts'
import { OncePerSecond } from './once-per-second.ts'
import type { Target } from './targets.ts'
import { bytesInWords, rateInWords } from './words.ts'

/** Lines for people and logs: at most one a second, and one at the end. */
export class LineReporter {
  readonly #write: (line: string) => unknown
  readonly #beat = new OncePerSecond()

  constructor(write: (line: string) => unknown) {
    this.#write = write
  }

  onStart(): void {
    this.#beat.start()
  }

  onProgress({ label }: Target, { received, total, rate }: DownloadProgress): void {
    if (!this.#beat.isDue()) {
      return
    }
    const share =
      total === undefined
        ? ''
        : ` of ${bytesInWords(total)}, ${Math.floor((received / Math.max(total, 1)) * 100)} %`
    this.#write(`${label}: ${bytesInWords(received)}${share}, ${rateInWords(rate)}\n`)
  }

  onEnd({ label }: Target, { size, seconds, checksum, resumed = 0 }: Finished): void {
    const time = `${seconds.toFixed(1)} s, ${rateInWords((size - resumed) / seconds)}`
    const had = resumed > 0 ? `; ${bytesInWords(resumed)} were there` : ''
    this.#write(`${label}: ${bytesInWords(size)} in ${time}${had}\n`)
    if (checksum !== undefined) {
      this.#write(`${label}: checksum ${checksum}\n`)
    }
  }

  onError(): void {}
}
