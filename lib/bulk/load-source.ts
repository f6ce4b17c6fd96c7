import { errors } from '../compat/undici.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { KnownOrigins } from '../origins/plain-url.ts'
import { headerPairs, type HeaderPair } from './header-pairs.ts'
import type { Dataset, LoadRequest, LoadSettings, LoadSource } from './load-options.ts'

const { InvalidArgumentError } = errors

const origins = new KnownOrigins<true>()

/** A request of the source, checked. */
export interface LoadJob {
  /** as URL writes it */
  readonly url: string
  readonly origin: string
  /** path and query */
  readonly target: string
  readonly index: number
  readonly headers: readonly HeaderPair[]
}

/** Throws undici's InvalidArgumentError if the source has another form, or is too simple for the options. */
export function checkSource(source: unknown, settings: LoadSettings<unknown>): void {
  const isObject = typeof source === 'object' && source !== null
  const isIterable = isObject && (Symbol.iterator in source || Symbol.asyncIterator in source)
  if (!isIterable && !isDataset(source)) {
    throw new InvalidArgumentError('source must be an array, a dataset or an iterable')
  }
  if (!Array.isArray(source) && !isDataset(source)) {
    if (settings.shuffles) {
      throw new InvalidArgumentError('shuffle needs an array or a dataset')
    }
    if (settings.epochs > 1) {
      throw new InvalidArgumentError('epochs above 1 need an array or a dataset')
    }
  }
}

/** The requests of one epoch, in their order. Each is read when it is wanted. */
export interface Jobs {
  /** undefined after the last; a promise only if the source takes its time. Throws what the source throws. */
  next(): LoadJob | undefined | Promise<LoadJob | undefined>
  /** Lets the source go. */
  close(): Promise<void>
}

export function jobsOf(source: LoadSource, settings: LoadSettings<unknown>, epoch: number): Jobs {
  if (Array.isArray(source)) {
    const get = (index: number): LoadRequest => source[index] as LoadRequest
    return new IndexedJobs({ length: source.length, get }, settings, epoch)
  }
  return isDataset(source)
    ? new IndexedJobs(source, settings, epoch)
    : new IteratedJobs(source as AsyncIterable<LoadRequest>, settings)
}

/** The requests of an array or a dataset. Those that are at hand cost no promise. */
class IndexedJobs implements Jobs {
  readonly #source: Dataset
  readonly #settings: LoadSettings<unknown>
  readonly #order: Uint32Array | undefined
  #place = 0

  constructor(source: Dataset, settings: LoadSettings<unknown>, epoch: number) {
    this.#source = source
    this.#settings = settings
    this.#order = settings.shuffles ? shuffled(source.length, settings.seed + epoch) : undefined
  }

  next(): LoadJob | undefined | Promise<LoadJob | undefined> {
    if (this.#place >= this.#source.length) {
      return undefined
    }
    const place = this.#place++
    const index = this.#order?.[place] ?? place
    const request = this.#source.get(index)
    return isThenable(request)
      ? Promise.resolve(request).then((read) => jobOf(read, index, this.#settings))
      : jobOf(request, index, this.#settings)
  }

  async close(): Promise<void> {}
}

class IteratedJobs implements Jobs {
  readonly #jobs: AsyncGenerator<LoadJob, void, undefined>

  constructor(source: AsyncIterable<LoadRequest>, settings: LoadSettings<unknown>) {
    this.#jobs = readJobs(source, settings)
  }

  async next(): Promise<LoadJob | undefined> {
    const { value } = await this.#jobs.next()
    return value ?? undefined
  }

  async close(): Promise<void> {
    await this.#jobs.return()
  }
}

async function* readJobs(
  source: AsyncIterable<LoadRequest>,
  settings: LoadSettings<unknown>,
): AsyncGenerator<LoadJob, void, undefined> {
  let index = 0
  for await (const request of source) {
    yield jobOf(request, index++, settings)
  }
}

function isThenable(value: unknown): value is PromiseLike<LoadRequest> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function isDataset(source: unknown): source is Dataset {
  const { length, get } = (source ?? {}) as { length?: unknown; get?: unknown }
  return Number.isInteger(length) && (length as number) >= 0 && typeof get === 'function'
}

function jobOf(request: LoadRequest, index: number, settings: LoadSettings<unknown>): LoadJob {
  const isPlain = typeof request === 'string' || request instanceof URL
  if (!isPlain && (typeof request !== 'object' || request === null)) {
    throw new InvalidArgumentError(`source: item ${index} must be a URL or an object with a url`)
  }
  const own = isPlain ? [] : headerPairs(request.headers)
  const headers = own.length === 0 ? settings.headers : [...settings.headers, ...own]
  return { ...placeOf(isPlain ? request : request.url), index, headers }
}

function placeOf(given: string | URL): Pick<LoadJob, 'url' | 'origin' | 'target'> {
  const plain = typeof given === 'string' ? origins.split(given) : undefined
  // URL's `search` is empty for an empty query, so that must be parsed.
  if (plain !== undefined && !plain.path.endsWith('?')) {
    return { url: given as string, origin: plain.origin, target: plain.path }
  }
  const { href, origin, pathname, search } = parseUrl(given)
  origins.add(origin, true)
  return { url: href, origin, target: pathname + search }
}

/** A random order of the numbers below `length`, by Fisher and Yates over Mulberry32. */
function shuffled(length: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index)
  let state = (seed ^ (seed / 2 ** 32)) >>> 0
  for (let last = length - 1; last > 0; last--) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    const other = Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (last + 1))
    const kept = order[last] as number
    order[last] = order[other] as number
    order[other] = kept
  }
  return order
}
