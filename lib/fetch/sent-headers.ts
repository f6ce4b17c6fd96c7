import type { FetchUrl } from './fetch-url.ts'
import type { HeaderList } from './header-list.ts'
import type { RequestSource } from './request-source.ts'

export type CacheMode = 'default' | 'force-cache' | 'no-store' | 'reload' | 'no-cache'

type Lines = readonly (readonly [name: string, value: string])[]

const notStored: Lines = [
  ['pragma', 'no-cache'],
  ['cache-control', 'no-cache'],
]

/** Headers for caches on the way. */
const cacheLines: Readonly<Record<CacheMode, Lines>> = {
  default: [],
  'force-cache': [],
  'no-store': notStored,
  reload: notStored,
  'no-cache': [['cache-control', 'max-age=0']],
}

const conditions = [
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'if-match',
  'if-range',
]

/** `only-if-cached` is not among them, as it is for same-origin requests only. */
export function isCacheMode(mode: unknown): mode is CacheMode {
  return typeof mode === 'string' && Object.hasOwn(cacheLines, mode)
}

/**
 * Adds the headers that fetch() sends besides the user's, in undici's order. They depend on the URL, so a redirected
 * request starts from the user's headers again.
 */
export function addSentHeaders(
  headers: HeaderList,
  method: string,
  source: RequestSource | null,
  url: FetchUrl,
  cache: CacheMode,
): void {
  addMissing(headers, 'accept', '*/*')
  addMissing(headers, 'accept-language', '*')
  if (source !== null && source.length > 0) {
    addMissing(headers, 'content-length', String(source.length))
  } else if (source === null && (method === 'POST' || method === 'PUT')) {
    addMissing(headers, 'content-length', '0')
  }
  if (url.isTrustworthy) {
    headers.set('sec-fetch-mode', 'cors')
  }
  addMissing(headers, 'user-agent', 'undici')
  const isConditional = cache === 'default' && conditions.some((name) => headers.has(name))
  for (const [name, value] of isConditional ? notStored : cacheLines[cache]) {
    addMissing(headers, name, value)
  }
  if (headers.has('range')) {
    headers.append('accept-encoding', 'identity')
  } else {
    addMissing(headers, 'accept-encoding', url.isTls ? 'br, gzip, deflate, zstd' : 'gzip, deflate')
  }
  headers.delete('host')
}

function addMissing(headers: HeaderList, name: string, value: string): void {
  if (!headers.has(name)) {
    headers.add(name, name, value)
  }
}
