import type { ItemLoader, LoadTask } from './item-loader.ts'
import type { LoadedItem, LoadSettings } from './load-options.ts'
import type { Jobs, LoadJob } from './load-source.ts'

/** A job that has begun. */
export interface Entry<Item> {
  readonly job: LoadJob
  /** undefined while it runs */
  readonly outcome: { readonly item: Item } | { readonly error: unknown } | undefined
}

/**
 * Loads the jobs of one epoch, a bounded number of them at a time and ahead of their reader. Nothing starts before the
 * first `next()`.
 */
export class Prefetch<Item> {
  readonly #jobs: Jobs
  readonly #settings: LoadSettings<Item>
  readonly #loader: ItemLoader
  readonly #signal: AbortSignal
  /** begun and not yet taken, in the order of their jobs */
  readonly #entries: RunningEntry<Item>[] = []
  #running = 0
  #held = 0
  #isFilling = false
  #isReading = false
  #isExhausted = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => {}

  constructor(jobs: Jobs, settings: LoadSettings<Item>, loader: ItemLoader, signal: AbortSignal) {
    this.#jobs = jobs
    this.#settings = settings
    this.#loader = loader
    this.#signal = signal
  }

  /** Says how many items the reader keeps for its batch: they count for what may be in memory. */
  hold(count: number): void {
    this.#held = count
  }

  /**
   * The next entries that have ended, at least one and at most `most`; none after the last. Throws the signal's reason,
   * and what the source throws.
   */
  async next(most: number): Promise<Entry<Item>[]> {
    const onAbort = (): void => this.#wake()
    this.#signal.addEventListener('abort', onAbort)
    try {
      for (;;) {
        this.#signal.throwIfAborted()
        this.#fill()
        const ended = this.#takeEnded(most)
        if (ended.length > 0) {
          return ended
        }
        if (this.#entries.length === 0) {
          if (this.#failure !== undefined) {
            throw this.#failure.error
          }
          if (this.#isExhausted) {
            return []
          }
        }
        await this.#someEnd(most)
      }
    } finally {
      this.#signal.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves when nothing runs any more. REQUIRES: the signal is aborted, or all entries were taken. */
  async close(): Promise<void> {
    this.#isExhausted = true
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const closing = this.#jobs.close()
    if (this.#isReading) {
      // A source that does not answer must not hold up the end.
      closing.catch(() => {})
    } else {
      await closing
    }
  }

  #takeEnded(most: number): RunningEntry<Item>[] {
    const entries = this.#entries
    if (this.#settings.isOrdered) {
      const first = entries.findIndex((entry) => !entry.hasEnded)
      return entries.splice(0, Math.min(first < 0 ? entries.length : first, most))
    }
    const ended: RunningEntry<Item>[] = []
    let kept = 0
    for (const entry of entries) {
      if (entry.hasEnded && ended.length < most) {
        ended.push(entry)
      } else {
        entries[kept++] = entry
      }
    }
    entries.length = kept
    return ended
  }

  /** Waits until the reader can perhaps go on. */
  #someEnd(most: number): Promise<void> {
    const { isOrdered, transform } = this.#settings
    const missing = isOrdered
      ? this.#entries.slice(0, most).filter((entry) => !entry.hasEnded).length
      : Math.min(this.#entries.length, most)
    return new Promise((resolve) => {
      this.#wake = resolve
      if (missing > 0) {
        this.#loader.want(transform === undefined ? missing : 1)
      }
    })
  }

  #hasRoom(): boolean {
    const { prefetch, batchSize, concurrency } = this.#settings
    return (
      !this.#isReading &&
      !this.#isExhausted &&
      !this.#signal.aborted &&
      this.#entries.length + this.#held < prefetch * batchSize + concurrency &&
      this.#loader.hasRoom(this.#running)
    )
  }

  #fill(): void {
    if (this.#isFilling) {
      return
    }
    this.#isFilling = true
    while (this.#hasRoom()) {
      try {
        const job = this.#jobs.next()
        if (job instanceof Promise) {
          this.#isReading = true
          void this.#readJob(job)
        } else {
          this.#begin(job)
        }
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#isFilling = false
  }

  async #readJob(reading: Promise<LoadJob | undefined>): Promise<void> {
    try {
      const job = await reading
      this.#isReading = false
      if (!this.#isExhausted && !this.#signal.aborted) {
        this.#begin(job)
      }
    } catch (error) {
      this.#isReading = false
      this.#fail(error)
    }
    this.#fill()
    this.#wake()
  }

  #fail(error: unknown): void {
    this.#isExhausted = true
    this.#failure = { error }
  }

  #begin(job: LoadJob | undefined): void {
    if (job === undefined) {
      this.#isExhausted = true
      return
    }
    const entry = new RunningEntry(job, this.#settings, this.#onEnd)
    this.#entries.push(entry)
    this.#running++
    this.#loader.start(entry)
  }

  readonly #onEnd = (): void => {
    this.#running--
    this.#fill()
    // Items may be transformed before they are read.
    if (this.#settings.transform !== undefined && this.#running > 0) {
      this.#loader.want(1)
    }
    this.#wake()
  }
}

class RunningEntry<Item> implements Entry<Item>, LoadTask {
  readonly job: LoadJob
  outcome: Entry<Item>['outcome']
  readonly #settings: LoadSettings<Item>
  readonly #onEnd: () => void

  constructor(job: LoadJob, settings: LoadSettings<Item>, onEnd: () => void) {
    this.job = job
    this.#settings = settings
    this.#onEnd = onEnd
  }

  get hasEnded(): boolean {
    return this.outcome !== undefined
  }

  onLoaded(loaded: LoadedItem): void {
    const { transform } = this.#settings
    if (transform === undefined) {
      this.#end({ item: loaded as Item })
    } else {
      void this.#transform(loaded, transform)
    }
  }

  onFailed(error: unknown): void {
    this.#end({ error })
  }

  async #transform(
    loaded: LoadedItem,
    transform: (item: LoadedItem) => Item | Promise<Item>,
  ): Promise<void> {
    try {
      this.#end({ item: await transform(loaded) })
    } catch (error) {
      this.#end({ error })
    }
  }

  #end(outcome: Entry<Item>['outcome']): void {
    this.outcome = outcome
    this.#onEnd()
  }
}
