import { stringify } from 'node:querystring'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

// Anything but U+0021 to U+00FF: the target goes out verbatim, one byte a character.
const invalidTarget = /[^\u0021-\u00ff]/

/** Throws as undici does for what is no path; else gives it back. */
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

/** The request target: `path`, verbatim, with `query` behind it. */
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
