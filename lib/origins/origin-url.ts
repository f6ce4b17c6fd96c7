import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

/** An object that undici's Client and Pool take instead of a string or URL. */
export interface OriginLike {
  protocol?: string
  hostname?: string
  port?: string | number
  origin?: string
  /** Only `/` is allowed. */
  path?: string
  pathname?: string
  search?: string
}

/** Returns the URL of an origin. Throws undici's errors if there is a path, query or fragment, or another scheme. */
export function parseOrigin(given: unknown): URL {
  const url = parseUrl(given)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('invalid url')
  }
  return url
}

/** Returns the URL of HTTP. Throws undici's errors, and Node's for a string that is not a URL. */
export function parseUrl(given: unknown): URL {
  const url = given instanceof URL ? given : new URL(textOf(given))
  if (!isOfHttp(url.origin || url.protocol)) {
    throw wrongProtocol()
  }
  return url
}

/** Returns `::1` for `[::1]`, as addresses are written outside of URLs, and other hosts unchanged. */
export function bareHost(hostname: string): string {
  return hostname.replaceAll(/^\[|\]$/g, '')
}

function textOf(given: unknown): string {
  if (typeof given === 'string') {
    return given
  }
  if (typeof given !== 'object' || given === null) {
    throw new InvalidArgumentError('Invalid URL: The URL argument must be a non-null object.')
  }
  const { protocol, hostname, port, origin, path, pathname, search } = given as OriginLike
  if (port !== undefined && port !== null && port !== '' && !isPort(port)) {
    throw new InvalidArgumentError(
      'Invalid URL: port must be a valid integer or a string representation of an integer.',
    )
  }
  for (const [name, value] of Object.entries({ path, pathname, hostname, origin })) {
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw new InvalidArgumentError(
        `Invalid URL ${name}: the ${name} must be a string or null/undefined.`,
      )
    }
  }
  if (!isOfHttp(origin || protocol)) {
    throw wrongProtocol()
  }
  const start =
    origin ?? `${protocol}//${hostname ?? ''}:${port ?? (protocol === 'https:' ? 443 : 80)}`
  const rest = path ?? `${pathname ?? ''}${search ?? ''}`
  return start.replace(/\/$/, '') + (rest === '' || rest.startsWith('/') ? rest : `/${rest}`)
}

function isPort(port: string | number): boolean {
  const number = parseInt(port as string, 10)
  return number === Number(port) && number >= 0 && number <= 65_535
}

function isOfHttp(scheme: unknown): boolean {
  return typeof scheme === 'string' && /^https?:/.test(scheme)
}

function wrongProtocol(): Error {
  return new InvalidArgumentError(
    'Invalid URL protocol: the URL must start with `http:` or `https:`.',
  )
}
