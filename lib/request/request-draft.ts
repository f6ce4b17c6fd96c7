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
 * What `dispatch()` was given, checked and taken apart. It goes from step to step until native has the request: its body
 * is settled, its host located, and then it is encoded.
 */
export class RequestDraft {
  readonly opts: DispatchOptions
  readonly origin: Origin
  readonly method: Method
  /** path and query, as they are sent to an origin */
  readonly target: string
  readonly headers: RequestHeaders
  /** may become another one while it is settled */
  body: RequestBody
  /** an upgrade or a CONNECT */
  readonly isTunnel: boolean
  /** addresses of the host, as native takes them; empty: native finds them */
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

  /** Bytes of the body on the wire; -1: not known, so it goes in chunks. */
  get bodyLength(): number {
    return sentLength(this.headers, this.body)
  }
}

/** Checks everything that a request consists of, in undici's order. Throws what is wrong. Reads nothing of the body. */
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
