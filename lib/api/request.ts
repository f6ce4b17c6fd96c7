import type { request as undiciRequest } from 'undici'
import { request as send } from '../answer/request.ts'
import { errors } from '../compat/undici.ts'
import { leavesDispatcher } from '../compat/undici-exports.ts'
import { parseOrigin, parseUrl } from '../origins/origin-url.ts'
import { KnownOrigins } from '../origins/plain-url.ts'
import { defaultDispatcher } from './default-dispatcher.ts'

const { InvalidArgumentError } = errors

type Options = Record<string, unknown>

interface Place {
  readonly origin: string
  readonly path: string
}

const origins = new KnownOrigins<true>()

/**
 * undici's `request()` with a handler of dodici, over any dispatcher: `options.dispatcher`, or else the global one. The
 * response's body is a Readable that can be read as a whole without streaming. Throws if the URL or one of the
 * function's own options is invalid; all other errors reject the promise or go to the callback. All are undici's
 * classes.
 */
export const request: typeof undiciRequest = function request(
  url: unknown,
  given: unknown,
  callback: unknown,
) {
  let options = given as Options | null | undefined
  let settle = callback
  if (typeof given === 'function') {
    settle = given
    options = null
  }
  if (!url || (typeof url !== 'string' && typeof url !== 'object')) {
    throw new InvalidArgumentError('invalid url')
  }
  if (options !== undefined && options !== null && typeof options !== 'object') {
    throw new InvalidArgumentError('invalid opts')
  }
  let place: Place
  if (options && options['path'] !== undefined && options['path'] !== null) {
    place = placeOfPath(url, options['path'])
  } else {
    options ||= (typeof url === 'object' ? url : {}) as Options
    place = placeOf(url)
  }
  const { agent, dispatcher = defaultDispatcher(), ...rest } = options
  if (agent) {
    throw new InvalidArgumentError('unsupported opts.agent. Did you mean opts.client?')
  }
  if (leavesDispatcher && options['dispatcher']) {
    rest['dispatcher'] = dispatcher
  }
  rest['origin'] = place.origin
  rest['path'] = place.path
  rest['method'] = options['method'] || (options['body'] ? 'PUT' : 'GET')
  return send.call(dispatcher as never, rest, settle)
} as typeof undiciRequest

function placeOfPath(url: unknown, path: unknown): Place {
  if (typeof path !== 'string') {
    throw new InvalidArgumentError('invalid opts.path')
  }
  const { origin } = parseOrigin(url)
  return placeIn(new URL(origin + (path.startsWith('/') ? path : `/${path}`)))
}

function placeOf(url: unknown): Place {
  if (typeof url !== 'string') {
    return placeIn(parseUrl(url))
  }
  const plain = origins.split(url)
  // URL's `search` is empty for an empty query, so that must be parsed.
  if (plain !== undefined && !plain.path.endsWith('?')) {
    return plain
  }
  const parsed = parseUrl(url)
  origins.add(parsed.origin, true)
  return placeIn(parsed)
}

function placeIn({ origin, pathname, search }: URL): Place {
  return { origin, path: search === '' ? pathname : pathname + search }
}
