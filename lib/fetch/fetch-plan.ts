import type { Dispatcher } from 'undici'
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
  /** undefined for the default one */
  readonly dispatcher: Dispatcher | undefined
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
  // Reads the options in the order of WebIDL.
  const {
    body,
    cache = 'default',
    credentials,
    dispatcher,
    duplex,
    headers: givenHeaders,
    integrity,
    keepalive,
    method: givenMethod,
    mode,
    priority,
    redirect = 'follow',
    referrer,
    referrerPolicy,
    signal = null,
    window,
  } = init
  const isPlain =
    (credentials === undefined || isCredentials(credentials)) &&
    (duplex === undefined || duplex === 'half') &&
    (integrity === undefined || integrity === '') &&
    (mode === undefined || mode === 'cors') &&
    priority === undefined &&
    referrer === undefined &&
    referrerPolicy === undefined &&
    window === undefined
  const method = readMethod(givenMethod)
  if (!isPlain || method === undefined || !isRedirect(redirect) || !isCacheMode(cache)) {
    return undefined
  }
  const headers = readHeaders(givenHeaders)
  const url = urlOf(input)
  if (headers === undefined || url === undefined || !isSignal(signal)) {
    return undefined
  }
  let source: RequestSource | null = null
  if (body !== undefined && body !== null) {
    const read =
      method === 'GET' || method === 'HEAD'
        ? undefined
        : readSource(body, duplex === 'half' && !keepalive)
    if (read === undefined) {
      return undefined
    }
    source = read
  }
  if (source !== null && source.type !== '' && !headers.has('content-type')) {
    headers.add('content-type', 'content-type', source.type)
  }
  return {
    url,
    method,
    headers,
    source,
    signal,
    redirect,
    cache,
    dispatcher: dispatcher as Dispatcher | undefined,
  }
}

export function isSignal(signal: unknown): signal is AbortSignal | null {
  return signal === null || signal instanceof AbortSignal
}

function isRedirect(redirect: unknown): redirect is Redirect {
  return redirect === 'follow' || redirect === 'manual' || redirect === 'error'
}

function isCredentials(credentials: unknown): boolean {
  return credentials === 'same-origin' || credentials === 'include' || credentials === 'omit'
}

function urlOf(input: unknown): FetchUrl | undefined {
  if (typeof input === 'string') {
    return readUrl(input)
  }
  return input instanceof URL ? fromUrl(input) : undefined
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
