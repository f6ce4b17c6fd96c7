import { isIP } from 'node:net'
import type { DispatchOptions } from './request-checks.ts'
import type { RequestHeaders } from './request-headers.ts'

/** The TLS name when it is not the origin's host: as asked for, else from the host header. */
export function tlsName(opts: DispatchOptions, headers: RequestHeaders): string {
  const given = opts['servername']
  if (typeof given === 'string' && given !== '') {
    return given
  }
  if (headers.host === null) {
    return ''
  }
  const host = headers.host.replace(/:\d*$/, '')
  return host.startsWith('[') || isIP(host) !== 0 ? '' : host
}
