import { RequestFlag } from '../native/contract.ts'
import { milliseconds } from '../native/milliseconds.ts'
import { wantsDecoded } from './decoded-body.ts'
import { framingLines } from './request-framing.ts'
import { headerLine } from './request-headers.ts'
import type { RequestDraft } from './request-draft.ts'
import { tlsNameBytes } from './tls-name.ts'

/** Those options of an Agent that apply to each request. */
export interface RequestDefaults {
  readonly allowH2: boolean
  /** whether connections are kept for further requests */
  readonly keepAlive: boolean
  /** milliseconds; 0 means no limit */
  readonly headersTimeout: number
  readonly bodyTimeout: number
}

/** How one request is sent. */
export interface Route {
  /** whether the target is the whole URL, as a proxy needs it for plain http */
  readonly isForwarded: boolean
  /** whether to use HTTP/2 over plain http without asking the server */
  readonly usesH2c: boolean
  /** the TLS name; empty if it is the origin's host */
  readonly servername: string
  /** whether somebody is told how much of the request has been sent */
  readonly isReported: boolean
  /** whether subscribers receive each chunk of the response before decoding */
  readonly showsChunks: boolean
}

/** A request in native's form. */
export interface EncodedRequest {
  /** `origin NUL method NUL target NUL servername [LF addresses] NUL`, then header lines, each ended by NUL */
  readonly text: string
  /** the header lines of `text` alone */
  readonly lines: string
  /** bits of RequestFlag */
  readonly flags: number
  /** the body, if it is complete; undefined if there is none or it is a stream */
  readonly bytes: Uint8Array | undefined
  /** the length of a body that follows in pieces; -1 if it is not known */
  readonly streamLength: number
  /** milliseconds; 0 means no limit */
  readonly headersTimeout: number
  readonly bodyTimeout: number
}

/** Puts a draft into native's form. REQUIRES: its body is settled and its addresses are known. Has no side effects. */
export function encodeRequest(
  draft: RequestDraft,
  defaults: RequestDefaults,
  route: Route,
): EncodedRequest {
  const { opts, origin, body } = draft
  const closes = closesConnection(draft, defaults)
  const lines = draft.isTunnel ? tunnelLines(draft) : requestLines(draft, closes)
  const servername = tlsNameBytes(route.servername)
  const host = draft.addresses === '' ? servername : `${servername}\n${draft.addresses}`
  const target = route.isForwarded ? origin.url.origin + draft.target : draft.target
  return {
    text: `${origin.textStart}${draft.method.name}\0${target}\0${host}\0${lines}`,
    lines,
    flags: requestFlags(draft, defaults, route, closes),
    bytes: body.kind === 'bytes' ? body.bytes : undefined,
    streamLength: body.kind === 'stream' ? draft.bodyLength : -1,
    headersTimeout: timeout(opts['headersTimeout'], defaults.headersTimeout),
    bodyTimeout: timeout(opts['bodyTimeout'], defaults.bodyTimeout),
  }
}

// checkOptions() has made sure that `own` is a number, null or undefined.
function timeout(own: unknown, byDefault: number): number {
  return milliseconds((own as number | null | undefined) ?? byDefault)
}

function closesConnection(
  { opts, headers }: RequestDraft,
  { keepAlive }: RequestDefaults,
): boolean {
  return opts['reset'] === true || headers.close || !keepAlive
}

function requestFlags(
  draft: RequestDraft,
  defaults: RequestDefaults,
  route: Route,
  closes: boolean,
): number {
  const { opts, body } = draft
  let flags = route.isReported ? RequestFlag.reportSent : 0
  if (body.kind === 'bytes') {
    flags |= RequestFlag.bytesBody
  }
  if (body.kind === 'stream') {
    flags |= RequestFlag.streamBody | (draft.bodyLength >= 0 ? RequestFlag.knownLength : 0)
  }
  if (draft.isTunnel) {
    return flags | RequestFlag.tunnel
  }
  const mayBeHttp2 = route.usesH2c || (defaults.allowH2 && opts['allowH2'] !== false)
  if (mayBeHttp2) {
    flags |= RequestFlag.allowHttp2
  }
  const mayBeHttp1 = !route.usesH2c && !(mayBeHttp2 && draft.origin.speaksHttp2)
  if (closes || (opts['reset'] !== false && mayBeHttp1 && isAmbiguous(draft))) {
    flags |= RequestFlag.closeConnection
  } else if (opts['reset'] === false) {
    flags |= RequestFlag.keepConnection
  }
  if ((opts['idempotent'] ?? draft.method.isIdempotent) && isRepeatable(draft)) {
    flags |= RequestFlag.idempotent
  }
  if (wantsDecoded(opts) && !route.showsChunks) {
    flags |= RequestFlag.decodesBody
  }
  if (opts['expectContinue'] === true) {
    flags |= RequestFlag.expectContinue
  }
  return flags
}

function isRepeatable({ body }: RequestDraft): boolean {
  return body.kind === 'none' || (body.kind === 'bytes' && !body.isOfStream)
}

// An HTTP/1.1 server that expects no body would read it as the next request on the connection.
function isAmbiguous({ body, method }: RequestDraft): boolean {
  return body.kind !== 'none' && !method.expectsBody
}

// The lines have undici's order.
function requestLines({ origin, headers, method, body }: RequestDraft, closes: boolean): string {
  // As in undici, an empty host means none over HTTP/2. Over TLS and HTTP/1.1 it might be sent.
  const usesOriginHost = headers.host === null || (headers.host === '' && origin.isTls)
  return (
    (usesOriginHost ? origin.hostLine : headerLine('host', headers.host as string)) +
    (closes ? 'connection: close\0' : 'connection: keep-alive\0') +
    headers.lines +
    framingLines(method, headers, body)
  )
}

function tunnelLines({ opts, origin, headers, method, body }: RequestDraft): string {
  const upgrade = opts['upgrade'] as string | null | undefined
  return (
    (headers.host === null ? origin.hostLine : headerLine('host', headers.host)) +
    (upgrade ? `connection: upgrade\0${headerLine('upgrade', upgrade)}` : 'connection: close\0') +
    headers.lines +
    framingLines(method, headers, body)
  )
}
