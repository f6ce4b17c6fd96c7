import type { Dispatcher } from 'undici'
import { undiciRequestDispatcher, undiciRequestState, undiciWeb } from '../compat/undici.ts'
import { isSignal, type FetchPlan, type Init } from './fetch-plan.ts'
import { fromUrl, readUrl } from './fetch-url.ts'
import { readHeaders } from './header-list.ts'
import { sourceOfStream, sourceOfUndicis } from './request-body.ts'
import type { RequestSource } from './request-source.ts'
import { isCacheMode } from './sent-headers.ts'

/** Whether `input` is a Request of undici, of Node or of another copy of undici. The last is known by its shape. */
export function isRequest(input: unknown): input is Request {
  return (
    typeof input === 'object' &&
    input !== null &&
    ((input as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Request' ||
      input instanceof undiciWeb.Request) &&
    typeof (input as Request).url === 'string'
  )
}

/** Options that only undici's fetch() acts on. */
const rareOptions = ['integrity', 'mode', 'priority', 'referrer', 'referrerPolicy', 'window']

/**
 * Reads a Request with the changes in `init`. Returns undefined if the fetch() of its class must do the call or report the
 * error. Throws the error of its class if `init` is wrong.
 */
export function readRequest(
  input: Request,
  init: Init,
): FetchPlan | Promise<FetchPlan> | undefined {
  const { signal: given, dispatcher: givenDispatcher, ...changes } = init
  if (!isPlain(input) || rareOptions.some((name) => changes[name] !== undefined)) {
    return undefined
  }
  if (isNodes(input) && input.body !== null && !bytesTypes.test(contentTypeOf(input))) {
    return undefined
  }
  if ((given !== undefined && !isSignal(given)) || !isUsable(input)) {
    return undefined
  }
  const request = Object.keys(changes).length === 0 ? input : new (classOf(input))(input, changes)
  const signal = given === undefined ? request.signal : given
  const dispatcher = givenDispatcher ?? undiciRequestDispatcher(request)
  const state = undiciRequestState(request)
  const { method, cache, redirect, body } = state ?? request
  const url = state === undefined ? readUrl(request.url) : fromUrl(state.url)
  const headers = readHeaders(state?.headersList.entriesList ?? request.headers)
  if (url === undefined || headers === undefined || !isCacheMode(cache) || !isSignal(signal)) {
    return undefined
  }
  const planOf = (source: RequestSource | null): FetchPlan => ({
    url,
    method,
    headers,
    source,
    signal,
    redirect,
    cache,
    dispatcher: dispatcher as Dispatcher | undefined,
  })
  if (body === null) {
    return planOf(null)
  }
  return 'source' in body
    ? planOf(sourceOfUndicis(body, headers.get('content-type')))
    : sourceOfStream(body).then(planOf)
}

/**
 * Content-types of bodies that are made from texts or bytes, or none. The bodies of Node's Requests with other types are
 * often files or FormData, of whose length only Node's fetch() knows.
 */
const bytesTypes =
  /^$|^text\/plain|^application\/(?:[\w.+-]*json|x-www-form-urlencoded|octet-stream)/i

function contentTypeOf(request: Request): string {
  return request.headers.get('content-type') ?? ''
}

// Kept because it may be replaced later. Node loads the class when it is first used.
const nodeRequest = Object.getOwnPropertyDescriptor(globalThis, 'Request')

/** Whether Node's own fetch() accepts this Request. */
export function isNodes(input: unknown): input is Request {
  const Class = (nodeRequest?.get?.call(globalThis) ?? nodeRequest?.value) as unknown
  return typeof Class === 'function' && Class !== undiciWeb.Request && input instanceof Class
}

/** Makes a Request of undici from one of another copy of undici. */
export function undiciRequestOf(input: Request): Request {
  const { url, method, headers, body, signal, redirect, cache, credentials } = input
  const { mode, referrer, referrerPolicy, integrity, keepalive } = input
  return new undiciWeb.Request(url, {
    method,
    headers: [...headers],
    body,
    duplex: 'half',
    signal,
    redirect,
    cache,
    credentials,
    mode,
    referrer,
    referrerPolicy,
    integrity,
    keepalive,
  })
}

function isPlain(request: Request): boolean {
  const { mode, integrity, referrer, referrerPolicy } = request
  return mode === 'cors' && integrity === '' && referrer === 'about:client' && referrerPolicy === ''
}

function isUsable({ bodyUsed, body }: Request): boolean {
  return !bodyUsed && body?.locked !== true
}

type RequestClass = new (input: Request | string, init: RequestInit) => Request

// Derived classes do not count, as in fetch().
function classOf(request: Request): RequestClass {
  let prototype = Object.getPrototypeOf(request) as object | null
  while (prototype !== null && !Object.hasOwn(prototype, Symbol.toStringTag)) {
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return (prototype ?? request).constructor as RequestClass
}
