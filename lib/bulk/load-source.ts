import { errors } from '../compat/undici.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { headerPairs, type HeaderPair } from './header-pairs.ts'
import type { Dataset, LoadRequest, LoadSettings, LoadSource } from './load-options.ts'

const { InvalidArgumentError } = errors

/** A request of the source, checked. */
export interface LoadJob {
  readonly url: URL
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
export async function* jobsOf(
  source: LoadSource,
  settings: LoadSettings<unknown>,
  epoch: number,
): AsyncGenerator<LoadJob, void, undefined> {
  if (!Array.isArray(source) && !isDataset(source)) {
    let index = 0
    for await (const request of source as AsyncIterable<LoadRequest>) {
      yield jobOf(request, index++, settings)
    }
    return
  }
  const order = settings.shuffles ? shuffled(source.length, settings.seed + epoch) : undefined
  for (let place = 0; place < source.length; place++) {
    const index = order?.[place] ?? place
    const request = Array.isArray(source) ? (source[index] as LoadRequest) : await source.get(index)
    yield jobOf(request, index, settings)
  }
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
  const url = parseUrl(isPlain ? request : request.url)
  const own = isPlain ? [] : headerPairs(request.headers)
  return { url, index, headers: [...settings.headers, ...own] }
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
