import { isIP } from 'node:net'
import type { RequestHeaders } from './request-headers.ts'

const hostName = /^[\w-]+(?:\.[\w-]+)*\.?$/
/** A URL parser takes such a host for an IPv4 address. */
const endsInNumber = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i
const beyondAscii = /[^\0-\x7f]/
/** The longest name in DNS, with the dot at its end. */
const longestName = 254

/**
 * Returns the TLS name if it is not the origin's host: the option `servername`, or the name in the host header. Like
 * undici, it takes the part before the first colon as the name.
 */
export function tlsName(given: unknown, { host }: RequestHeaders): string {
  if (typeof given === 'string' && given !== '') {
    return given
  }
  if (host === null || host === '') {
    return ''
  }
  const name = host.startsWith('[')
    ? host.slice(1, host.indexOf(']'))
    : (host.split(':', 1)[0] as string)
  return isIP(name) === 0 ? name : ''
}

/** Returns `name` as it is on the wire: in UTF-8, with one character per byte. */
export function tlsNameBytes(name: string): string {
  return beyondAscii.test(name) ? Buffer.from(name).toString('latin1') : name
}

/**
 * Whether `name` can be a TLS name. libcurl takes it as the host of a URL, so it must not contain other parts of one.
 */
export function isTlsName(name: string): boolean {
  return isHostName(name) || isIP(name) !== 0
}

function isHostName(name: string): boolean {
  return name.length <= longestName && hostName.test(name) && !endsInNumber.test(name)
}
