import { isIP } from 'node:net'
import type { RequestHeaders } from './request-headers.ts'

const hostName = /^[\w-]+(?:\.[\w-]+)*\.?$/
/** What a URL's parser takes for an IPv4 address. */
const endsInNumber = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i
/** Of a name in DNS, with the dot at its end. */
const longestName = 254

/** The TLS name when it is not the origin's host: the option `servername`, else what the host header says. */
export function tlsName(given: unknown, headers: RequestHeaders): string {
  if (typeof given === 'string' && given !== '') {
    return given
  }
  // As undici cuts it. The header itself is sent as it is.
  const host = headers.host?.replace(/:.*$/s, '') ?? ''
  return isHostName(host) ? host : ''
}

/** Whether `name` can be asked for by TLS: it becomes the host of a URL, which must have no other part. */
export function isTlsName(name: string): boolean {
  return isHostName(name) || isIP(name) !== 0
}

function isHostName(name: string): boolean {
  return name.length <= longestName && hostName.test(name) && !endsInNumber.test(name)
}
