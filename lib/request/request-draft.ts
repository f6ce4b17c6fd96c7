import type { Handler } from '../compat/handler.ts'
import type { Origin } from '../origins/origins.ts'
import { requestBody, type RequestBody } from './request-body.ts'
import {
  checkHandler,
  checkOptions,
  requestMethod,
  type DispatchOptions,
  type Method,
} from './request-checks.ts'
import { sentLength } from './request-framing.ts'
import { requestHeaders, type RequestHeaders } from './request-headers.ts'
import { requestPath, requestTarget } from './request-url.ts'

/**
 * The arguments of `dispatch()`, checked and taken apart. A draft passes three steps before it goes to native: its body
 * is settled, its host's addresses are found, and it is encoded.
 */
export class RequestDraft {
  readonly opts: DispatchOptions
  readonly origin: Origin
  readonly method: Method
  /** path and query, as an origin gets them */
  readonly target: string
  readonly headers: RequestHeaders
  /** replaced when it is settled */
  body: RequestBody
  /** an upgrade or a CONNECT */
  readonly isTunnel: boolean
  /** the host's addresses in native's form; empty if native asks for them before it connects */
  addresses = ''

  constructor(
    opts: DispatchOptions,
    origin: Origin,
    method: Method,
    target: string,
    headers: RequestHeaders,
    body: RequestBody,
    isTunnel: boolean,
  ) {
    this.opts = opts
    this.origin = origin
    this.method = method
    this.target = target
    this.headers = headers
    this.body = body
    this.isTunnel = isTunnel
  }

  /** Length of the body on the wire; -1 if it is not known, so that the body is chunked. */
  get bodyLength(): number {
    return sentLength(this.headers, this.body)
  }
}

/** Checks all parts of a request, in undici's order. Throws if one is invalid. Does not read the body. */
export function parseRequest(
  opts: DispatchOptions,
  handler: Handler,
  origin: Origin,
): RequestDraft {
  const path = requestPath(opts['path'], opts['method'])
  const method = requestMethod(opts['method'])
  checkOptions(opts)
  const body = requestBody(opts['body'])
  const target = requestTarget(path, opts['query'])
  const headers = requestHeaders(opts['headers'])
  const isTunnel = Boolean(opts['upgrade']) || method.name === 'CONNECT'
  checkHandler(handler, isTunnel)
  return new RequestDraft(opts, origin, method, target, headers, body, isTunnel)
}
