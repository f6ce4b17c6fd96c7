import { loadItem } from './load-item.ts'
import type { LoadedItem, LoadSettings } from './load-options.ts'
import type { LoadJob } from './load-source.ts'

/** A job that has begun. */
export interface Entry<Item> {
  readonly job: LoadJob
  /** undefined while it runs */
  outcome: { readonly item: Item } | { readonly error: unknown } | undefined
}

/**
 * Loads the jobs of one epoch, a bounded number of them at a time and ahead of their reader. Nothing starts before the
 * first `next()`.
 */
export class Prefetch<Item> {
  readonly #jobs: AsyncGenerator<LoadJob, void, undefined>
  readonly #settings: LoadSettings<Item>
  readonly #signal: AbortSignal
  /** begun and not yet taken, in the order of their jobs */
  readonly #entries: Entry<Item>[] = []
  readonly #running = new Set<Promise<void>>()
  #held = 0
  #isReading = false
  #isExhausted = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => {}

  constructor(
    jobs: AsyncGenerator<LoadJob, void, undefined>,
    settings: LoadSettings<Item>,
    signal: AbortSignal,
  ) {
    this.#jobs = jobs
    this.#settings = settings
    this.#signal = signal
  }

  /** Says how many items the reader keeps for its batch: they count for what may be in memory. */
  hold(count: number): void {
    this.#held = count
    this.#fill()
  }

  /**
   * The next entry that has ended; undefined after the last. Throws the signal's reason, and what the source throws.
   */
  async next(): Promise<Entry<Item> | undefined> {
    const onAbort = (): void => this.#wake()
    this.#signal.addEventListener('abort', onAbort)
    try {
      for (;;) {
        this.#signal.throwIfAborted()
        this.#fill()
        const at = this.#settings.isOrdered
          ? this.#entries.slice(0, 1).findIndex(hasEnded)
          : this.#entries.findIndex(hasEnded)
        if (at >= 0) {
          const [entry] = this.#entries.splice(at, 1)
          return entry
        }
        if (this.#entries.length === 0) {
          if (this.#failure !== undefined) {
            throw this.#failure.error
          }
          if (this.#isExhausted) {
            return undefined
          }
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      this.#signal.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves when nothing runs any more. REQUIRES: the signal is aborted, or all entries were taken. */
  async close(): Promise<void> {
    this.#isExhausted = true
    await Promise.all(this.#running)
    const closing = this.#jobs.return()
    if (this.#isReading) {
      // A source that does not answer must not hold up the end.
      closing.catch(() => {})
    } else {
      await closing
    }
  }

  #fill(): void {
    const { prefetch, batchSize, concurrency } = this.#settings
    const isFull =
      this.#running.size >= concurrency ||
      this.#entries.length + this.#held >= prefetch * batchSize + concurrency
    if (isFull || this.#isReading || this.#isExhausted || this.#signal.aborted) {
      return
    }
    this.#isReading = true
    void this.#readJob()
  }

  async #readJob(): Promise<void> {
    try {
      const { value, done } = await this.#jobs.next()
      if (done === true) {
        this.#isExhausted = true
      } else if (!this.#isExhausted && !this.#signal.aborted) {
        this.#start(value)
      }
    } catch (error) {
      this.#isExhausted = true
      this.#failure = { error }
    }
    this.#isReading = false
    this.#fill()
    this.#wake()
  }

  #start(job: LoadJob): void {
    const entry: Entry<Item> = { job, outcome: undefined }
    this.#entries.push(entry)
    const ended = this.#run(entry).finally(() => {
      this.#running.delete(ended)
      this.#fill()
      this.#wake()
    })
    this.#running.add(ended)
  }

  async #run(entry: Entry<Item>): Promise<void> {
    try {
      entry.outcome = { item: await this.#load(entry.job) }
    } catch (error) {
      entry.outcome = { error }
    }
  }

  async #load(job: LoadJob): Promise<Item> {
    const item: LoadedItem = await loadItem(job, this.#settings, this.#signal)
    const { transform } = this.#settings
    return transform === undefined ? (item as Item) : transform(item)
  }
}

function hasEnded({ outcome }: Entry<unknown>): boolean {
  return outcome !== undefined
}
