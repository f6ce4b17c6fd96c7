import { isToken } from '../request/request-headers.ts'
import { readHeaders, type HeaderList } from './header-list.ts'
import { readSource, type RequestSource } from './request-source.ts'
import { isCacheMode, type CacheMode } from './sent-headers.ts'
import { fromUrl, readUrl, type FetchUrl } from './fetch-url.ts'

/** A request of fetch(), read from its arguments. */
export interface FetchPlan {
  readonly url: FetchUrl
  readonly method: string
  readonly headers: HeaderList
  readonly source: RequestSource | null
  readonly signal: AbortSignal | null
  readonly redirect: Redirect
  readonly cache: CacheMode
}

export type Redirect = 'follow' | 'manual' | 'error'

/** A RequestInit that has not been checked. */
export type Init = Readonly<Record<string, unknown>>

/** Methods that are accepted in any case; PATCH is not. */
const methods = new Map<string, string>()
for (const name of ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY']) {
  methods.set(name, name)
  methods.set(name.toLowerCase(), name)
}
const forbidden = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** Used for calls without `init`. */
const noInit: Init = {}

/**
 * Reads the arguments of fetch() if they are what most programs give: an HTTP URL, and options that change what is
 * sent. Returns undefined for anything else; undici's fetch() then does the call, or throws the proper error.
 */
export function readPlan(input: unknown, init: Init = noInit): FetchPlan | undefined {
  const method = readMethod(init['method'])
  const headers = readHeaders(init['headers'])
  const { body, redirect = 'follow', signal = null, cache = 'default' } = init
  if (method === undefined || headers === undefined || !isPlain(init)) {
    return undefined
  }
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') {
    return undefined
  }
  if (signal !== null && !(signal instanceof AbortSignal)) {
    return undefined
  }
  if (!isCacheMode(cache)) {
    return undefined
  }
  const url =
    typeof input === 'string' ? readUrl(input) : input instanceof URL ? fromUrl(input) : undefined
  if (url === undefined) {
    return undefined
  }
  let source: RequestSource | null = null
  if (body !== undefined && body !== null) {
    const read =
      method === 'GET' || method === 'HEAD'
        ? undefined
        : readSource(body, init['duplex'] === 'half' && !init['keepalive'])
    if (read === undefined) {
      return undefined
    }
    source = read
  }
  if (source !== null && source.type !== '' && !headers.has('content-type')) {
    headers.add('content-type', 'content-type', source.type)
  }
  return { url, method, headers, source, signal, redirect, cache }
}

function readMethod(given: unknown): string | undefined {
  if (given === undefined) {
    return 'GET'
  }
  if (typeof given !== 'string') {
    return undefined
  }
  const known = methods.get(given)
  if (known !== undefined) {
    return known
  }
  const upper = given.toUpperCase()
  // undici warns about `patch`.
  return !isToken(given) || forbidden.has(upper) || given === 'patch'
    ? undefined
    : (methods.get(upper) ?? given)
}

// Whether there are no options that only browsers or undici's fetch() act on.
function isPlain(init: Init): boolean {
  const { referrer, referrerPolicy, mode, credentials, integrity, window, priority } = init
  return (
    referrer === undefined &&
    referrerPolicy === undefined &&
    (mode === undefined || mode === 'cors') &&
    (credentials === undefined ||
      credentials === 'same-origin' ||
      credentials === 'include' ||
      credentials === 'omit') &&
    (integrity === undefined || integrity === '') &&
    window === undefined &&
    priority === undefined &&
    (init['duplex'] === undefined || init['duplex'] === 'half')
  )
}
