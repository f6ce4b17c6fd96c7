import { errors } from 'undici'
import { milliseconds, type ResolvedOptions } from '../options/agent-options.ts'
import { RequestFlag } from '../native/contract.ts'
import type { SocketInfo } from '../errors/errors.ts'
import type { NativeClients } from '../flight/native-clients.ts'
import { AddressLookup } from './address-lookup.ts'
import type { Handler } from '../compat/handler.ts'
import { isObserved, ObservedRequest } from '../diagnostics/observed-request.ts'
import type { Origin, Origins } from '../origins/origins.ts'
import { PendingRequest } from '../flight/pending-request.ts'
import type { ClientOwner } from '../flight/request-table.ts'
import {
  isStream,
  noBody,
  requestBody,
  streamBody,
  wholeBody,
  type RequestBody,
} from '../request/request-body.ts'
import {
  checkHandler,
  checkOptions,
  requestMethod,
  type DispatchOptions,
  type Method,
} from '../request/request-checks.ts'
import { framingLines, lengthError, sentLength } from '../request/request-framing.ts'
import { headerLine, requestHeaders, type RequestHeaders } from '../request/request-headers.ts'
import { requestPath, requestTarget } from '../request/request-url.ts'
import { tlsName } from '../request/tls-name.ts'
import { Tunnel } from '../tunnel/tunnel.ts'
import { Upload } from '../upload/upload.ts'
import { UpgradedSocket } from '../tunnel/upgraded-socket.ts'

const proxyAuthorization = /(?:^|\0)proxy-authorization[:;]/i

/** Turns undici's dispatch options into one native request, and starts it. */
export class RequestEngine {
  readonly #options: ResolvedOptions
  readonly #origins: Origins
  readonly #clients: NativeClients
  readonly #owner: ClientOwner
  readonly #lookup: AddressLookup | undefined
  /** beginnings of requests that wait for the end of this tick */
  #waiting: (() => void)[] | undefined
  /** uploads since the last turn of the event loop */
  #gathering: Upload[] = []
  readonly #endGathering = (): void => {
    const uploads = this.#gathering
    this.#gathering = []
    for (const upload of uploads) {
      upload.gathered()
    }
  }

  constructor(
    options: ResolvedOptions,
    origins: Origins,
    clients: NativeClients,
    owner: ClientOwner,
  ) {
    this.#options = options
    this.#origins = origins
    this.#clients = clients
    this.#owner = owner
    this.#lookup = AddressLookup.from(options, owner)
  }

  /** Throws what is wrong with the request, and nothing that the handler throws. Returns its origin. */
  start(opts: DispatchOptions, handler: Handler, to: unknown): Origin {
    const origin = this.#origins.find(to)
    const path = requestPath(opts['path'], opts['method'])
    const method = requestMethod(opts['method'])
    checkOptions(opts)
    const body = requestBody(opts['body'])
    const target = requestTarget(path, opts['query'])
    const headers = requestHeaders(opts['headers'])
    const isUpgrade = Boolean(opts['upgrade']) || method.name === 'CONNECT'
    checkHandler(handler, isUpgrade)
    if (isUpgrade && body.kind === 'stream') {
      throw new errors.NotSupportedError('a stream body with upgrade or CONNECT is not supported')
    }
    let observed: ObservedRequest | null = null
    if (isObserved()) {
      observed = new ObservedRequest(origin, opts, method, target, headers)
      observed.publishCreate()
    }
    const table = this.#clients.for(origin, this.#owner)
    if (table.proxy !== null && proxyAuthorization.test(headers.lines)) {
      throw new errors.InvalidArgumentError(
        'Proxy-Authorization should be sent in ProxyAgent constructor',
      )
    }
    const request = new PendingRequest(handler, origin, table)
    request.observed = observed
    if (isUpgrade) {
      const open = (ends: SocketInfo | null) => new UpgradedSocket(origin, table, ends)
      request.tunnel = new Tunnel(method.name === 'CONNECT', open)
    }
    this.#origins.register(origin)
    table.add(request)
    let upload: Upload | null = null
    if (body.kind === 'stream') {
      const isStrict = this.#options.strictContentLength
      upload = new Upload(request, body.source, sentLength(headers, body), isStrict)
      request.upload = upload
    }
    const mismatch = lengthError(method, headers, body)
    if (mismatch !== undefined && this.#options.strictContentLength) {
      queueMicrotask(() => request.fail(mismatch))
      return origin
    }
    if (mismatch !== undefined) {
      process.emitWarning(mismatch)
    }
    if (!request.start()) {
      return origin
    }
    if (body.kind === 'stream' && isStream(body.source) && sentLength(headers, body) < 0) {
      const { source } = body
      this.#afterwards(request, () => {
        const known = streamBody(source)
        upload?.learnLength(sentLength(headers, known))
        this.#begin(request, opts, method, target, headers, known, upload)
      })
    } else if (this.#waiting !== undefined) {
      this.#afterwards(request, () => {
        this.#begin(request, opts, method, target, headers, body, upload)
      })
    } else {
      this.#begin(request, opts, method, target, headers, body, upload)
    }
    return origin
  }

  // A stream that is ended right behind the dispatch, as that of `pipeline()` often is, has a known length then: it is
  // looked at after the microtasks that wait already. Requests dispatched meanwhile keep their order behind it.
  #afterwards(request: PendingRequest, begin: () => void): void {
    if (this.#waiting === undefined) {
      this.#waiting = []
      queueMicrotask(() => {
        const waiting = this.#waiting ?? []
        this.#waiting = undefined
        for (const start of waiting) {
          start()
        }
      })
    }
    this.#waiting.push(() => {
      if (!request.ended) {
        begin()
      }
    })
  }

  #begin(
    request: PendingRequest,
    opts: DispatchOptions,
    method: Method,
    target: string,
    headers: RequestHeaders,
    body: RequestBody,
    upload: Upload | null,
  ): void {
    if (body.kind === 'stream' && !method.expectsBody && sentLength(headers, body) < 0) {
      // `pipeline({ method: 'GET' })` may have such a body that stays empty: no body is to be announced then.
      upload?.peek((isEmpty) => {
        this.#locate(request, opts, method, target, headers, isEmpty ? noBody : body)
      })
    } else if (body.kind === 'stream' && upload !== null && this.#goesAtOnce(request, opts)) {
      // Most bodies are small, and at hand: in one piece with their request they need not be asked for, nor told to end.
      upload.gather((whole) => {
        const known = whole === undefined ? body : wholeBody(body, whole)
        this.#locate(request, opts, method, target, headers, known)
      })
      this.#endLater(upload)
    } else {
      this.#locate(request, opts, method, target, headers, body)
    }
  }

  // undici reads a source when a connection is free for it: ahead of that nothing may be read.
  #goesAtOnce(request: PendingRequest, opts: DispatchOptions): boolean {
    const { origin } = request
    const hasConnection = origin.speaksHttp2
      ? origin.connected > 0
      : origin.connected >= origin.inFlight && this.#options.native.connections === 0
    return hasConnection && !wantsReports(request) && opts['expectContinue'] !== true
  }

  #endLater(upload: Upload): void {
    if (this.#gathering.push(upload) === 1) {
      setImmediate(this.#endGathering)
    }
  }

  #locate(
    request: PendingRequest,
    opts: DispatchOptions,
    method: Method,
    target: string,
    headers: RequestHeaders,
    body: RequestBody,
  ): void {
    // Through a proxy the host is the proxy's to find.
    if (this.#lookup === undefined || request.table.proxy !== null) {
      this.#submit(request, opts, method, target, headers, body, '')
    } else {
      this.#lookup.find(request, (addresses) => {
        this.#submit(request, opts, method, target, headers, body, addresses)
      })
    }
  }

  #submit(
    request: PendingRequest,
    opts: DispatchOptions,
    method: Method,
    target: string,
    headers: RequestHeaders,
    body: RequestBody,
    addresses: string,
  ): void {
    const options = this.#options
    const { origin } = request
    const reset = opts['reset'] as boolean | null | undefined
    const close = reset === true || headers.close || !options.native.keepAlive
    let flags = 0
    const mayBeHttp1 = !options.allowH2 || opts['allowH2'] === false || !origin.speaksHttp2
    if (options.allowH2 && opts['allowH2'] !== false) {
      flags |= RequestFlag.allowHttp2
    }
    if (close || (reset !== false && mayBeHttp1 && isAmbiguous(method, body))) {
      flags |= RequestFlag.closeConnection
    } else if (reset === false) {
      flags |= RequestFlag.keepConnection
    }
    const mayRepeat = body.kind === 'none' || (body.kind === 'bytes' && !body.isOfStream)
    if ((opts['idempotent'] ?? method.isIdempotent) && mayRepeat) {
      flags |= RequestFlag.idempotent
    }
    if (wantsReports(request)) {
      flags |= RequestFlag.reportSent
    }
    if (opts['expectContinue'] === true) {
      flags |= RequestFlag.expectContinue
    }
    let bytes: Uint8Array | undefined
    let streamLength = -1
    if (body.kind === 'bytes') {
      flags |= RequestFlag.bytesBody
      bytes = body.bytes
      request.bytesBody = bytes
    } else if (body.kind === 'stream') {
      flags |= RequestFlag.streamBody
      streamLength = sentLength(headers, body)
      if (streamLength >= 0) {
        flags |= RequestFlag.knownLength
      }
    }
    if (request.tunnel !== null) {
      flags = RequestFlag.tunnel | (flags & (RequestFlag.bytesBody | RequestFlag.reportSent))
    }
    const lines =
      request.tunnel !== null
        ? tunnelLines(request, opts, headers) + framingLines(method, headers, body)
        : (headers.host === null ? '' : headerLine('host', headers.host)) +
          (close ? 'connection: close\0' : 'connection: keep-alive\0') +
          headers.lines +
          framingLines(method, headers, body)
    let servername = ''
    if (origin.isTls) {
      servername = tlsName(opts, headers)
      const asked = request.table.proxy?.requestTls.servername ?? options.connect.servername
      request.servername = servername || (asked ?? '')
    }
    if (addresses !== '') {
      servername += `\n${addresses}`
    }
    // A proxy that forwards is told the whole URL.
    const isForwarded =
      request.tunnel === null && !origin.isTls && request.table.proxy?.forwards === true
    const sentTarget = isForwarded ? origin.url.origin + target : target
    const text = `${origin.textStart}${method.name}\0${sentTarget}\0${servername}\0${lines}`
    const headersTimeout = (opts['headersTimeout'] as number | null) ?? options.headersTimeout
    const bodyTimeout = (opts['bodyTimeout'] as number | null) ?? options.bodyTimeout
    try {
      request.table.submit(
        request,
        text,
        bytes,
        flags,
        milliseconds(headersTimeout),
        milliseconds(bodyTimeout),
        streamLength,
      )
    } catch (error) {
      // Out of memory, or a bug of ours: this request's trouble only.
      request.fail(error)
      return
    }
    request.onSubmitted()
    request.observed?.publishSendHeaders(lines)
  }
}

// Somebody is told what of the request has been sent.
function wantsReports({ handler, observed }: PendingRequest): boolean {
  return (
    handler.onRequestSent !== undefined || handler.onBodySent !== undefined || observed !== null
  )
}

// An HTTP/1.1 server that does not read such a body would take it for the next request on the connection.
function isAmbiguous(method: Method, body: RequestBody): boolean {
  return body.kind !== 'none' && !method.expectsBody
}

/** All the headers: libcurl writes none of a tunnel's. */
function tunnelLines(
  request: PendingRequest,
  opts: DispatchOptions,
  headers: RequestHeaders,
): string {
  const upgrade = opts['upgrade'] as string | null | undefined
  return (
    headerLine('host', headers.host ?? request.origin.url.host) +
    (upgrade ? `connection: upgrade\0${headerLine('upgrade', upgrade)}` : 'connection: close\0') +
    headers.lines
  )
}
