import { inContext } from '../compat/context-handler.ts'
import type { Handler } from '../compat/handler.ts'
import { errors } from '../compat/undici.ts'
import { ConnectionWish } from '../connector/given-connections.ts'
import { isObserved, ObservedRequest } from '../diagnostics/observed-request.ts'
import type { NativeClients } from '../flight/native-clients.ts'
import { PendingRequest } from '../flight/pending-request.ts'
import type { TableOwner } from '../flight/request-table.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import { Errc } from '../native/contract.ts'
import type { Origin, Origins } from '../origins/origins.ts'
import { encodeRequest, type RequestDefaults } from '../request/encode-request.ts'
import type { DispatchOptions } from '../request/request-checks.ts'
import { parseRequest, type RequestDraft } from '../request/request-draft.ts'
import { lengthError } from '../request/request-framing.ts'
import { tlsName } from '../request/tls-name.ts'
import { Tunnel } from '../tunnel/tunnel.ts'
import { openSocket } from '../tunnel/upgraded-tls-socket.ts'
import { Upload } from '../upload/upload.ts'
import { BodySettler } from './body-settler.ts'
import type { ConnectionPlanner } from './connection-planner.ts'

const proxyAuthorization = /(?:^|\0)proxy-authorization[:;]/i

/**
 * Takes a request from undici's dispatch options to native, in these steps: parse, announce to the handler, settle the
 * body, look up the host, encode, submit.
 */
export class RequestEngine {
  readonly #options: ResolvedOptions
  #defaults: RequestDefaults
  readonly #origins: Origins
  readonly #clients: NativeClients
  readonly #owner: TableOwner
  readonly #settler = new BodySettler()
  readonly #planner: ConnectionPlanner

  constructor(
    options: ResolvedOptions,
    origins: Origins,
    clients: NativeClients,
    planner: ConnectionPlanner,
    owner: TableOwner,
  ) {
    const { allowH2, keepAlive, headersTimeout, bodyTimeout } = options
    this.#options = options
    this.#defaults = { allowH2, keepAlive, headersTimeout, bodyTimeout }
    this.#origins = origins
    this.#clients = clients
    this.#owner = owner
    this.#planner = planner
  }

  /** Sets whether connections are kept for further requests. */
  setKeepAlive(keepAlive: boolean): void {
    this.#defaults = { ...this.#defaults, keepAlive }
  }

  /** Returns the request's origin. Throws if the request is invalid, but never what the handler throws. */
  start(opts: DispatchOptions, handler: Handler, to: unknown): Origin {
    const origin = this.#origins.find(to)
    const draft = parseRequest(opts, handler, origin)
    const observed = this.#observe(draft)
    const table = this.#clients.for(origin, this.#owner)
    if (table.proxy !== null && proxyAuthorization.test(draft.headers.lines)) {
      throw new errors.InvalidArgumentError(
        'Proxy-Authorization should be sent in ProxyAgent constructor',
      )
    }
    const request = new PendingRequest(inContext(handler), origin, table)
    request.observed = observed
    this.#origins.register(origin)
    table.add(request)
    const upload = this.#uploadOf(draft, request)
    if (draft.isTunnel) {
      const isConnect = draft.method.name === 'CONNECT'
      request.tunnel = new Tunnel(isConnect, table, (connection) =>
        openSocket(request, connection, upload),
      )
    }
    if (this.#hasRightLength(draft, request) && request.start()) {
      this.#settle(draft, request, upload)
    }
    return origin
  }

  #observe(draft: RequestDraft): ObservedRequest | null {
    if (!isObserved()) {
      return null
    }
    const observed = new ObservedRequest(draft)
    observed.publishCreate()
    return observed
  }

  #uploadOf(draft: RequestDraft, request: PendingRequest): Upload | null {
    const { body } = draft
    if (body.kind !== 'stream') {
      return null
    }
    const isStrict = this.#options.strictContentLength
    const upload = new Upload(request, body.source, draft.bodyLength, isStrict)
    request.upload = upload
    return upload
  }

  // Returns false if the request is going to fail.
  #hasRightLength({ method, headers, body }: RequestDraft, request: PendingRequest): boolean {
    const mismatch = lengthError(method, headers, body)
    if (mismatch === undefined) {
      return true
    }
    if (this.#options.strictContentLength) {
      queueMicrotask(() => request.fail(mismatch))
      return false
    }
    process.emitWarning(mismatch)
    return true
  }

  #settle(draft: RequestDraft, request: PendingRequest, upload: Upload | null): void {
    if (!this.#settler.needsToSettle(draft)) {
      this.#locate(draft, request)
      return
    }
    this.#settler.settle({
      request,
      draft,
      upload,
      mayRead: () => this.#hasConnectionFor(draft, request),
      onSettled: () => this.#locate(draft, request),
    })
  }

  #hasConnectionFor({ origin, opts }: RequestDraft, request: PendingRequest): boolean {
    const hasConnection = origin.speaksHttp2
      ? origin.connected > 0
      : origin.connected >= origin.inFlight && this.#options.native.connections === 0
    return hasConnection && !isReported(request) && opts['expectContinue'] !== true
  }

  // A tunnel always needs a connection of its own. For other requests native asks when one needs a connection.
  #locate(draft: RequestDraft, request: PendingRequest): void {
    if (!draft.isTunnel || request.table.given !== null) {
      this.#submit(draft, request)
      return
    }
    this.#planner.locate(request.table, request.origin, (error, addresses) => {
      if (request.ended) {
        return
      }
      if (error) {
        // Like net.connect(), never inside the dispatch.
        process.nextTick(() => this.#failUnconnected(request, error as Error))
        return
      }
      draft.addresses = addresses
      this.#submit(draft, request)
    })
  }

  #failUnconnected(request: PendingRequest, error: Error): void {
    if (!request.ended) {
      request.fail(error)
      this.#owner.onFailed(request.origin, Errc.notConnected, error)
    }
  }

  #submit(draft: RequestDraft, request: PendingRequest): void {
    const { origin } = draft
    const { table } = request
    const servername = origin.isTls ? tlsName(draft.opts['servername'], draft.headers) : ''
    if (origin.isTls) {
      request.servername = servername || this.#defaultServername(request)
    }
    if (table.given !== null) {
      const mayUseHttp2 = draft.opts['allowH2'] !== false && !draft.isTunnel
      request.wish = new ConnectionWish(servername || null, mayUseHttp2, draft.isTunnel)
    }
    const isForwarded = !draft.isTunnel && !origin.isTls && table.proxy?.forwards === true
    const usesH2c = this.#options.useH2c && !origin.isTls && table.proxy === null
    const route = {
      isForwarded,
      usesH2c,
      servername,
      isReported: isReported(request),
      showsChunks: request.observed?.showsChunks === true,
    }
    const encoded = encodeRequest(draft, this.#defaults, route)
    if (route.isReported && encoded.bytes !== undefined) {
      request.bytesBody = encoded.bytes
    }
    try {
      table.submit(request, encoded)
    } catch (error) {
      // Out of memory, or a bug of ours. Only this request must end.
      request.fail(error)
      return
    }
    request.onSubmitted()
    request.observed?.publishSendHeaders(encoded.lines)
  }

  #defaultServername({ table: { proxy } }: PendingRequest): string {
    const { connect } = this.#options
    return (proxy === null ? connect : proxy.connectTo(connect)).servername ?? ''
  }
}

// Whether the handler or a subscriber is told what has been sent.
function isReported({ handler, observed }: PendingRequest): boolean {
  return (
    handler.onRequestSent !== undefined || handler.onBodySent !== undefined || observed !== null
  )
}
