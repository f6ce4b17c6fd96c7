import { channel } from 'node:diagnostics_channel'
import type { RequestDraft } from '../request/request-draft.ts'
import type { RequestHeaders } from '../request/request-headers.ts'
import { tlsName } from '../request/tls-name.ts'
import { isDebugging, RequestLog } from './debug-log.ts'

// undici's channels about requests, for instrumentations.
const create = channel('undici:request:create')
const sendHeaders = channel('undici:client:sendHeaders')
const bodyChunkSent = channel('undici:request:bodyChunkSent')
const bodySent = channel('undici:request:bodySent')
const headers = channel('undici:request:headers')
const bodyChunkReceived = channel('undici:request:bodyChunkReceived')
const trailers = channel('undici:request:trailers')
const error = channel('undici:request:error')
const all = [
  create,
  sendHeaders,
  bodyChunkSent,
  bodySent,
  headers,
  bodyChunkReceived,
  trailers,
  error,
]

const framingLine = /(?<=\0)(?:content-length|transfer-encoding): [^\0]*\0$/

/** Whether any of the channels has subscribers, or lines are wanted on stderr. If not, no ObservedRequest is made. */
export function isObserved(): boolean {
  return isDebugging || all.some(({ hasSubscribers }) => hasSubscribers)
}

/** The `request` in the messages of undici's channels; one object per dispatch. */
export class ObservedRequest {
  readonly origin: string
  readonly protocol: string
  readonly method: string
  readonly path: string
  readonly host: string | null
  readonly contentLength: number | null
  readonly contentType: string | null
  readonly idempotent: boolean
  readonly upgrade: string | null
  readonly servername: string | null
  readonly body: unknown
  /** name, value, name, value …, without host, content-length and connection */
  readonly headers: string[]
  completed = false
  aborted = false

  readonly #headers: RequestHeaders
  readonly #isHttp2: boolean
  /** null unless lines are wanted on stderr */
  #log: RequestLog | null = null

  constructor({ origin, opts, method, target, headers: requestHeaders }: RequestDraft) {
    this.origin = origin.url.origin
    this.protocol = origin.url.protocol
    this.method = method.name
    this.path = target
    this.host = requestHeaders.host
    this.contentLength = requestHeaders.contentLength < 0 ? null : requestHeaders.contentLength
    this.idempotent = Boolean(opts['idempotent'] ?? method.isIdempotent)
    this.upgrade = (opts['upgrade'] as string | undefined) || null
    this.servername = tlsName(opts['servername'], requestHeaders) || null
    this.body = opts['body'] ?? null
    this.headers = flat(requestHeaders.lines)
    const type = this.headers.findIndex((text, i) => i % 2 === 0 && /^content-type$/i.test(text))
    this.contentType = type < 0 ? null : (this.headers[type + 1] ?? null)
    this.#headers = requestHeaders
    this.#isHttp2 = origin.speaksHttp2 && opts['allowH2'] !== false
  }

  /** Adds a header to the request. Works only in `undici:request:create`, as later the headers have been sent. */
  addHeader(name: string, value: string): this {
    const before = this.#headers.lines.length
    this.#headers.add(name, value)
    this.headers.push(...flat(this.#headers.lines.slice(before)))
    return this
  }

  publishCreate(): void {
    create.publish({ request: this })
    if (isDebugging) {
      this.#log = new RequestLog(this.method, this.origin, this.path)
    }
  }

  /**
   * The peer is not known yet, but instrumentations read its address from `socket`, so they get an object without it.
   * The protocol is that of the origin's last response.
   */
  publishSendHeaders(lines: string): void {
    if (sendHeaders.hasSubscribers) {
      const alpnProtocol = this.#isHttp2 ? 'h2' : undefined
      const socket = { remoteAddress: undefined, remotePort: undefined, alpnProtocol }
      sendHeaders.publish({ request: this, headers: this.#head(lines), socket })
    }
  }

  // The head as undici shows it for HTTP/1.1: without the last line, which says where the body ends.
  #head(lines: string): string {
    const pairs = flat(lines.replace(framingLine, ''))
    let head = `${this.method} ${this.path} HTTP/1.1\r\n`
    for (let i = 0; i < pairs.length; i += 2) {
      head += `${pairs[i]}: ${pairs[i + 1]}\r\n`
    }
    return head
  }

  publishBodyChunkSent(chunk: unknown): void {
    bodyChunkSent.publish({ request: this, chunk })
  }

  publishBodySent(): void {
    bodySent.publish({ request: this })
    this.#log?.sent()
  }

  publishHeaders(
    statusCode: number,
    raw: Buffer[] | null,
    statusText: string,
    isHttp2: boolean,
  ): void {
    headers.publish({ request: this, response: { statusCode, headers: raw, statusText } })
    this.#log?.head(statusCode, isHttp2)
  }

  get showsChunks(): boolean {
    return bodyChunkReceived.hasSubscribers
  }

  publishBodyChunkReceived(chunk: Buffer): void {
    bodyChunkReceived.publish({ request: this, chunk })
    this.#log?.data(chunk)
  }

  publishTrailers(raw: Buffer[] | null): void {
    this.completed = true
    trailers.publish({ request: this, trailers: raw })
    this.#log?.end()
  }

  publishError(reason: unknown): void {
    this.aborted = true
    error.publish({ request: this, error: reason })
    this.#log?.error(reason)
  }
}

// Splits header lines in native's form into names and values.
function flat(lines: string): string[] {
  return lines
    .split('\0')
    .slice(0, -1)
    .flatMap((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    })
}
