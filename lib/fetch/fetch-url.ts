import { KnownOrigins } from '../origins/plain-url.ts'

/** The URL of a request of fetch(). */
export interface FetchUrl {
  /** scheme, host, and port unless it is the scheme's default */
  readonly origin: string
  /** path and query, as sent */
  readonly path: string
  /** without its fragment, as in `response.url` */
  readonly href: string
  /** the fragment with its `#`, or empty; a redirect keeps it */
  readonly hash: string
  readonly isTls: boolean
  /** TLS, or this machine (Secure Contexts, 3.1) */
  readonly isTrustworthy: boolean
}

/** Ports of other protocols that the fetch standard blocks ("bad port"). */
const badPorts = new Set(
  (
    '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 ' +
    '137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 ' +
    '1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080'
  ).split(' '),
)

/** Whether each origin is trustworthy. */
const origins = new KnownOrigins<boolean>()
const loopback = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost\.?)$/

/**
 * Reads an absolute `http:` or `https:` URL without credentials. Returns undefined for anything else. Most programs
 * request plain paths of few origins; these URLs are not parsed again.
 */
export function readUrl(given: string): FetchUrl | undefined {
  const plain = origins.split(given)
  if (plain !== undefined) {
    const { origin, path, about: isTrustworthy } = plain
    const isTls = given.charCodeAt(4) === 0x73
    return { origin, path, href: given, hash: '', isTls, isTrustworthy }
  }
  const url = URL.parse(given)
  return url === null ? undefined : fromUrl(url)
}

/** Returns undefined if the URL is not HTTP, has credentials, or names a blocked port. */
export function fromUrl(url: URL): FetchUrl | undefined {
  const { protocol, origin, hash, username, password } = url
  const isTls = protocol === 'https:'
  const isHttp = isTls || protocol === 'http:'
  if (!isHttp || username !== '' || password !== '' || badPorts.has(url.port)) {
    return undefined
  }
  let isTrustworthy = origins.get(origin)
  if (isTrustworthy === undefined) {
    isTrustworthy = isTls || loopback.test(url.hostname)
    origins.add(origin, isTrustworthy)
  }
  const href = hash === '' ? url.href.replace(/#$/, '') : url.href.slice(0, -hash.length)
  return { origin, path: href.slice(origin.length), href, hash, isTls, isTrustworthy }
}
