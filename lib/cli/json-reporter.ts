import type { DownloadProgress } from '../bulk/download-options.ts'
import type { Finished } from './finished.ts'
import { OncePerSecond } from './once-per-second.ts'
import type { Target } from './targets.ts'
import { errorInWords } from './words.ts'

/** One JSON object in each line, for programs. docs/cli.md says what is in it. */
export class JsonReporter {
  readonly #write: (line: string) => unknown
  readonly #showsProgress: boolean
  readonly #beat = new OncePerSecond()

  constructor(write: (line: string) => unknown, showsProgress: boolean) {
    this.#write = write
    this.#showsProgress = showsProgress
  }

  onStart(): void {
    this.#beat.start()
  }

  onProgress(target: Target, { received, total, rate }: DownloadProgress): void {
    if (this.#showsProgress && this.#beat.isDue()) {
      this.#say('progress', target, {
        received,
        total: total ?? null,
        rate: Math.round(rate),
      })
    }
  }

  onEnd(target: Target, result: Finished): void {
    const { size, resumed = 0, ranges, retries, seconds } = result
    const { etag = null, checksum = null } = result
    this.#say('done', target, { size, resumed, etag, checksum, ranges, retries, seconds })
  }

  onError(target: Target, error: unknown): void {
    const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
    this.#say('failed', target, {
      code: code ?? null,
      statusCode: statusCode ?? null,
      message: errorInWords(error),
    })
  }

  #say(type: string, { url, path }: Target, more: object): void {
    this.#write(`${JSON.stringify({ type, url: url.href, path, ...more })}\n`)
  }
}
