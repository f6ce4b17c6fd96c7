import { errors } from '../compat/undici.ts'
import type { RequestBody } from './request-body.ts'
import type { Method } from './request-checks.ts'
import type { RequestHeaders } from './request-headers.ts'

/** Returns the header lines about the body: content-type, then content-length or transfer-encoding. */
export function framingLines(method: Method, headers: RequestHeaders, body: RequestBody): string {
  const type =
    body.contentType === '' || headers.hasContentType ? '' : `content-type: ${body.contentType}\0`
  if (body.kind === 'none') {
    return method.expectsBody ? `${type}content-length: 0\0` : type
  }
  const length = sentLength(headers, body)
  if (length >= 0) {
    return `${type}content-length: ${length}\0`
  }
  return `${type}transfer-encoding: chunked\0`
}

/** Returns the length of the body on the wire; -1 if it is chunked. */
export function sentLength(headers: RequestHeaders, body: RequestBody): number {
  if (body.kind === 'none') {
    return 0
  }
  return body.length >= 0 ? body.length : headers.contentLength
}

/** Returns an error if the body has a known length that is not the declared one. */
export function lengthError(
  method: Method,
  headers: RequestHeaders,
  body: RequestBody,
): Error | undefined {
  if (body.kind === 'none' || headers.contentLength < 0 || method.forgivesLength) {
    return undefined
  }
  return sentLength(headers, body) === headers.contentLength
    ? undefined
    : new errors.RequestContentLengthMismatchError()
}
