import { anySignal } from './any-signal.ts'
import {
  loadSettings,
  type LoadedItem,
  type LoadOptions,
  type LoadSettings,
  type LoadSource,
} from './load-options.ts'
import { checkSource, jobsOf } from './load-source.ts'
import { itemLoader } from './native-loader.ts'
import { Prefetch, type Entry } from './prefetch.ts'

/**
 * Loads many objects, and gives them in batches: `for await (const batch of loader)`. A bounded number is loaded ahead.
 * Leaving the loop cancels what is in flight, and waits until it is gone.
 *
 * The constructor throws `InvalidArgumentError` for an invalid source or option, which it names. The loop throws the
 * error of an item that fails (with `onError: 'throw'`), what the source throws, and the signal's reason.
 */
export class DataLoader<Item = LoadedItem> implements AsyncIterable<Item[]>, AsyncDisposable {
  readonly #source: LoadSource
  readonly #settings: LoadSettings<Item>
  readonly #disposal = new AbortController()
  readonly #loops = new Set<AsyncGenerator<Item[], void, undefined>>()

  constructor(source: LoadSource, options: LoadOptions<Item> = {}) {
    this.#settings = loadSettings(options)
    checkSource(source, this.#settings)
    this.#source = source
  }

  [Symbol.asyncIterator](): AsyncGenerator<Item[], void, undefined> {
    const loop: AsyncGenerator<Item[], void, undefined> = this.#batches(() =>
      this.#loops.delete(loop),
    )
    this.#loops.add(loop)
    return loop
  }

  /** Ends all loops, and resolves when nothing is in flight any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort()
    await Promise.allSettled([...this.#loops].map((loop) => loop.return()))
  }

  async *#batches(onEnd: () => void): AsyncGenerator<Item[], void, undefined> {
    const { signal, epochs } = this.#settings
    const end = new AbortController()
    const ending = anySignal(end.signal, this.#disposal.signal, signal)
    const loader = itemLoader(this.#settings, ending)
    try {
      for (let epoch = 0; epoch < epochs; epoch++) {
        const jobs = jobsOf(this.#source, this.#settings, epoch)
        const prefetch = new Prefetch(jobs, this.#settings, loader, ending)
        let isRead = false
        try {
          yield* this.#epoch(prefetch)
          isRead = true
        } finally {
          if (!isRead) {
            end.abort()
          }
          await prefetch.close()
        }
      }
    } finally {
      end.abort()
      await loader.close()
      onEnd()
    }
  }

  async *#epoch(prefetch: Prefetch<Item>): AsyncGenerator<Item[], void, undefined> {
    const { batchSize, dropsLast } = this.#settings
    let batch: Item[] = []
    for (;;) {
      const entries = await prefetch.next(batchSize - batch.length)
      if (entries.length === 0) {
        break
      }
      for (const entry of entries) {
        this.#addItem(batch, entry)
      }
      // A full batch is its reader's.
      prefetch.hold(batch.length % batchSize)
      if (batch.length === batchSize) {
        yield batch
        batch = []
      }
    }
    if (batch.length > 0 && !dropsLast) {
      yield batch
    }
  }

  /** Adds the item, unless it has failed and is left out. */
  #addItem(batch: Item[], { job, outcome }: Entry<Item>): void {
    if (outcome === undefined) {
      return
    }
    if ('item' in outcome) {
      batch.push(outcome.item)
      return
    }
    const { onError, signal } = this.#settings
    signal?.throwIfAborted()
    if (onError === 'throw') {
      throw outcome.error
    }
    if (onError !== 'skip') {
      onError(outcome.error, { url: job.url, index: job.index })
    }
  }
}

/** Loads many objects, one after the other for its reader: a DataLoader without batches. */
export async function* load<Item = LoadedItem>(
  source: LoadSource,
  options: Omit<LoadOptions<Item>, 'batchSize' | 'dropLast'> = {},
): AsyncGenerator<Item, void, undefined> {
  for await (const batch of new DataLoader<Item>(source, {
    ...options,
    batchSize: 1,
    dropLast: false,
  })) {
    yield* batch
  }
}
