import { isIP } from 'node:net'
import type { RequestHeaders } from './request-headers.ts'

const hostName = /^[\w-]+(?:\.[\w-]+)*\.?$/
/** What a URL's parser takes for an IPv4 address. */
const endsInNumber = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i
const beyondAscii = /[^\0-\x7f]/
/** Of a name in DNS, with the dot at its end. */
const longestName = 254

/**
 * The TLS name when it is not the origin's host: the option `servername`, else what the host header says, in which undici
 * takes for a name whatever stands in front of the first colon.
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

/** `name` as TLS has it on the wire: bytes of UTF-8, each of them a character. */
export function tlsNameBytes(name: string): string {
  return beyondAscii.test(name) ? Buffer.from(name).toString('latin1') : name
}

/** Whether `name` can be asked for by TLS: it becomes the host of a URL, which must have no other part. */
export function isTlsName(name: string): boolean {
  return isHostName(name) || isIP(name) !== 0
}

function isHostName(name: string): boolean {
  return name.length <= longestName && hostName.test(name) && !endsInNumber.test(name)
}
