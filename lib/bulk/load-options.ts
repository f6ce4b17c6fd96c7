import type { Dispatcher } from 'undici'
import { errors } from '../compat/undici.ts'
import { headerPairs, type HeaderPair, type HeadersLike } from './header-pairs.ts'
import { checkShared, integer, mostTime } from './option-checks.ts'

const { InvalidArgumentError } = errors

/** What to load: a URL, or a URL with headers of its own. */
export type LoadRequest = string | URL | { url: string | URL; headers?: HeadersLike }

/** A dataset whose items are found by their index. */
export interface Dataset {
  readonly length: number
  get(index: number): LoadRequest | Promise<LoadRequest>
}

/** Where a DataLoader takes its requests from. */
export type LoadSource =
  | readonly LoadRequest[]
  | Dataset
  | Iterable<LoadRequest>
  | AsyncIterable<LoadRequest>

/** A loaded object. */
export interface LoadedItem {
  url: string
  /** Its place in the source. */
  index: number
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** Options of `load()` and `new DataLoader()`. `Item` is what `transform` makes of each loaded object. */
export interface LoadOptions<Item = LoadedItem> {
  /** Sends the requests; any dispatcher. Default: the global one. */
  dispatcher?: Dispatcher
  /** Ends the loading: what is in flight is cancelled, and the loop throws the signal's reason. */
  signal?: AbortSignal
  /** Headers of each request. */
  headers?: HeadersLike
  /** How many items a batch has. Default: `1`. */
  batchSize?: number
  /** How many batches are loaded ahead of the one that is being read. Default: `2`. */
  prefetch?: number
  /** How many requests run at a time. Default: `8`. */
  concurrency?: number
  /** Whether items come in the order of the source; otherwise as they are loaded. Default: `true`. */
  ordered?: boolean
  /** Whether the order is random. Needs an array or a dataset. Default: `false`. */
  shuffle?: boolean
  /** Of `shuffle`: the same seed gives the same order on each machine, another one in each epoch. Default: `0`. */
  seed?: number
  /** Whether a last batch that is not full is left out. Default: `false`. */
  dropLast?: boolean
  /** How many times the source is read. More than once needs an array or a dataset. Default: `1`. */
  epochs?: number
  /** Makes the items of batches from what was loaded. If it throws, the item fails. */
  transform?: (item: LoadedItem) => Item | Promise<Item>
  /** What to do with items that fail: end the loop with the error, leave them out, or call a function and leave them out. Default: `'throw'`. */
  onError?: 'throw' | 'skip' | ((error: unknown, request: { url: string; index: number }) => void)
  /** How many times a request is sent again if the network fails, or for a status 408, 425, 429 or 5xx. Default: `3`. */
  retries?: number
  /** Time before the first retry, in milliseconds, doubled for each further one. Default: `100`. */
  retryDelay?: number
  /** The largest body, in bytes. A larger one fails its item. At most 4 GiB - 1. Default: 64 MiB. */
  maxBytes?: number
}

/** Options with their defaults. */
export interface LoadSettings<Item> {
  readonly dispatcher: Dispatcher | undefined
  readonly signal: AbortSignal | undefined
  readonly headers: readonly HeaderPair[]
  readonly batchSize: number
  readonly prefetch: number
  readonly concurrency: number
  readonly isOrdered: boolean
  readonly shuffles: boolean
  readonly seed: number
  readonly dropsLast: boolean
  readonly epochs: number
  readonly transform: ((item: LoadedItem) => Item | Promise<Item>) | undefined
  readonly onError: NonNullable<LoadOptions['onError']>
  readonly retries: number
  readonly retryDelay: number
  readonly maxBytes: number
}

const most = 1_000_000

/** Checks options. Throws undici's InvalidArgumentError, whose message names the invalid one. */
export function loadSettings<Item>(options: LoadOptions<Item>): LoadSettings<Item> {
  checkShared(options)
  const { dispatcher, signal, transform, onError = 'throw' } = options
  if (transform !== undefined && typeof transform !== 'function') {
    throw new InvalidArgumentError('transform must be a function')
  }
  if (onError !== 'throw' && onError !== 'skip' && typeof onError !== 'function') {
    throw new InvalidArgumentError("onError must be 'throw', 'skip' or a function")
  }
  const flag = (name: keyof LoadOptions, byDefault: boolean): boolean => {
    const value = options[name] ?? byDefault
    if (typeof value !== 'boolean') {
      throw new InvalidArgumentError(`${name} must be a boolean`)
    }
    return value
  }
  return {
    dispatcher,
    signal,
    headers: headerPairs(options.headers),
    batchSize: integer(options, 'batchSize', 1, 1, most),
    prefetch: integer(options, 'prefetch', 2, 1, most),
    concurrency: integer(options, 'concurrency', 8, 1, most),
    isOrdered: flag('ordered', true),
    shuffles: flag('shuffle', false),
    seed: integer(options, 'seed', 0, 0, Number.MAX_SAFE_INTEGER),
    dropsLast: flag('dropLast', false),
    epochs: integer(options, 'epochs', 1, 1, most),
    transform,
    onError,
    retries: integer(options, 'retries', 3, 0, most),
    retryDelay: integer(options, 'retryDelay', 100, 0, mostTime),
    maxBytes: integer(options, 'maxBytes', 64 * 1024 * 1024, 0, 2 ** 32 - 1),
  }
}
