import { fromUrl, type FetchUrl } from './fetch-url.ts'
import type { RequestSource } from './request-source.ts'

/** As many as the fetch standard follows. */
const mostRedirects = 20

export interface RedirectAnswer {
  readonly status: number
  readonly location: string
  /** followed so far */
  readonly redirects: number
}

export interface RedirectTarget {
  readonly url: FetchUrl
  readonly method: string
  /** the request goes on without its body, and without the headers that say what it is */
  readonly dropsBody: boolean
}

/** Where a redirect leads (Fetch, HTTP-redirect fetch). Throws why it may not be followed; undici's words. */
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
  const dropsBody =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  if (status !== 303 && source !== null && !source.isReplayable) {
    throw new Error('')
  }
  return { url, method: dropsBody ? 'GET' : method, dropsBody }
}

export function sameOrigin(one: FetchUrl, other: FetchUrl): boolean {
  return one.origin === other.origin
}

function locationOf({ location }: RedirectAnswer, from: FetchUrl): FetchUrl {
  // Servers send UTF-8 there; a header's text is latin1.
  const text = /[\x80-\xff]/.test(location) ? Buffer.from(location, 'latin1').toString() : location
  const url = new URL(text, from.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error('URL scheme must be a HTTP(S) scheme')
  }
  if (url.hash === '') {
    url.hash = from.hash
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('cross origin not allowed for request mode "cors"')
  }
  const target = fromUrl(url)
  if (target === undefined) {
    throw new Error('bad port')
  }
  return target
}
