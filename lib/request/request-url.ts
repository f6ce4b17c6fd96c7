import { stringify } from 'node:querystring'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

// The target is sent verbatim, one byte per character, so only U+0021 to U+00FF are allowed.
const invalidTarget = /[^\u0021-\u00ff]/

/** Returns `path`, or throws undici's error if it is not a path. */
export function requestPath(path: unknown, method: unknown): string {
  if (typeof path !== 'string') {
    throw new InvalidArgumentError('path must be a string')
  }
  if (path.charCodeAt(0) !== 0x2f && method !== 'CONNECT' && !isAbsolute(path)) {
    throw new InvalidArgumentError('path must be an absolute URL or start with a slash')
  }
  if (invalidTarget.test(path)) {
    throw new InvalidArgumentError('invalid request path')
  }
  return path
}

/** Returns the request target: `path`, unchanged, and `query`. */
export function requestTarget(path: string, query: unknown): string {
  return query ? withQuery(path, query) : path
}

function isAbsolute(path: string): boolean {
  return path.startsWith('http://') || path.startsWith('https://')
}

function withQuery(path: string, query: unknown): string {
  if (path.includes('?') || path.includes('#')) {
    throw new Error('Query params cannot be passed when url already contains "?" or "#".')
  }
  const text = stringify(query as Parameters<typeof stringify>[0])
  return text === '' ? path : `${path}?${text}`
}
