import { fromUrl, type FetchUrl } from './fetch-url.ts'
import type { RequestSource } from './request-source.ts'

/** The limit of the fetch standard. */
const mostRedirects = 20

export interface RedirectAnswer {
  readonly status: number
  readonly location: string
  /** number of redirects followed so far */
  readonly redirects: number
}

export interface RedirectTarget {
  readonly url: FetchUrl
  readonly method: string
  /** whether the request loses its body and the headers about it */
  readonly dropsBody: boolean
}

/** Returns where a redirect leads (Fetch, HTTP-redirect fetch). Throws undici's error if it must not be followed. */
export function redirectTarget(
  answer: RedirectAnswer,
  from: FetchUrl,
  method: string,
  source: RequestSource | null,
): RedirectTarget {
  const { status, redirects } = answer
  const url = locationOf(answer, from)
  if (redirects === mostRedirects) {
    throw new Error('redirect count exceeded')
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('cross origin not allowed for request mode "cors"')
  }
  const dropsBody =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  if (status !== 303 && source !== null && !source.isReplayable) {
    throw new Error('')
  }
  const target = fromUrl(url)
  if (target === undefined) {
    throw new Error('bad port')
  }
  return { url: target, method: dropsBody ? 'GET' : method, dropsBody }
}

export function sameOrigin(one: FetchUrl, other: FetchUrl): boolean {
  return one.origin === other.origin
}

function locationOf({ location }: RedirectAnswer, from: FetchUrl): URL {
  // Servers send UTF-8 here, but header text is latin1.
  const text = /[\x80-\xff]/.test(location) ? Buffer.from(location, 'latin1').toString() : location
  const url = new URL(text, from.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error('URL scheme must be a HTTP(S) scheme')
  }
  if (url.hash === '') {
    url.hash = from.hash
  }
  return url
}
