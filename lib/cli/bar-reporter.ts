import type { DownloadProgress } from '../bulk/download-options.ts'
import type { Finished } from './finished.ts'
import type { LineReporter } from './line-reporter.ts'
import type { Target } from './targets.ts'
import { bytesInWords, rateInWords, timeInWords } from './words.ts'

/** What is used of the library's bar. */
export interface Bar {
  start(total: number, value: number): void
  setTotal(total: number): void
  update(value: number): void
  stop(): void
}

/** What the library tells a format. */
export interface BarState {
  readonly progress: number
}

const kWidth = 24

/** A bar on a terminal, which a line replaces at the end. */
export class BarReporter {
  readonly #makeBar: (format: (options: unknown, state: BarState) => string) => Bar
  readonly #lines: LineReporter
  #bar: Bar | undefined
  #progress: DownloadProgress = { received: 0, total: undefined, rate: 0 }

  constructor(
    makeBar: (format: (options: unknown, state: BarState) => string) => Bar,
    lines: LineReporter,
  ) {
    this.#makeBar = makeBar
    this.#lines = lines
  }

  onStart({ label }: Target): void {
    this.#progress = { received: 0, total: undefined, rate: 0 }
    this.#bar = this.#makeBar((_options, { progress }) => `${label} ${this.#format(progress)}`)
    this.#bar.start(0, 0)
  }

  onProgress(_target: Target, progress: DownloadProgress): void {
    this.#progress = progress
    this.#bar?.setTotal(progress.total ?? 0)
    this.#bar?.update(progress.received)
  }

  onEnd(target: Target, result: Finished): void {
    this.#stop()
    this.#lines.onEnd(target, result)
  }

  onError(): void {
    this.#stop()
  }

  #stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #format(share: number): string {
    const { received, total, rate } = this.#progress
    if (total === undefined) {
      return `${bytesInWords(received)}  ${rateInWords(rate)}`
    }
    const full = Math.floor(Math.min(share, 1) * kWidth)
    const bar = '█'.repeat(full) + '░'.repeat(kWidth - full)
    const left = rate > 0 ? `  ${timeInWords((total - received) / rate)} left` : ''
    const sizes = `${bytesInWords(received)} of ${bytesInWords(total)}`
    return `${bar} ${Math.floor(share * 100)} %  ${sizes}  ${rateInWords(rate)}${left}`
  }
}
