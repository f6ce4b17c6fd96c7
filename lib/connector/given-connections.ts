import assert from 'node:assert'
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  publishBeforeConnect,
  publishConnected,
  publishConnectError,
  type ConnectParams,
} from '../diagnostics/observed-connections.ts'
import { errors } from '../compat/undici.ts'
import { socketError } from '../errors/socket-errors.ts'
import { Errc, type NativeClient } from '../native/contract.ts'
import type { Connector, Connectors, ConnectorOptions } from '../options/connector.ts'
import type { Origin } from '../origins/origins.ts'
import { Link, socketInfoOf, type LinkedSocket, type LinkFacts } from './link.ts'

/** The kind of connection that a request needs, if native has no free one for it. */
export class ConnectionWish {
  /** null if the request names none, or without TLS */
  readonly servername: string | null
  readonly mayUseHttp2: boolean
  readonly isTunnel: boolean
  /** runs a function in the AsyncLocalStorage context of the dispatch */
  readonly run: (call: () => void) => void = AsyncLocalStorage.snapshot()
  attempt: Attempt | null = null

  constructor(servername: string | null, mayUseHttp2: boolean, isTunnel: boolean) {
    this.servername = servername
    this.mayUseHttp2 = mayUseHttp2
    this.isTunnel = isTunnel
  }
}

/** A request that needs a connection. */
export interface UnconnectedRequest {
  readonly id: number
  readonly origin: Origin
  readonly ended: boolean
  readonly wish: ConnectionWish | null
  fail(error: unknown): void
}

/** The part of the request table that is used here. */
export interface UnconnectedRequests {
  readonly client: Pick<NativeClient, 'giveSocket' | 'breakLink'>
  byId(id: number): UnconnectedRequest | undefined
  all(): Iterable<UnconnectedRequest>
  flushLater(): void
  onConnectionError(origin: Origin, error: Error): void
}

/** One call of a connector. */
interface Attempt {
  readonly key: string
  readonly origin: Origin
  readonly params: ConnectParams
  readonly connector: Connector
  /** undefined if its request has ended and no other one has taken it yet */
  request: UnconnectedRequest | undefined
  /** set when the connector has called back */
  socket: LinkedSocket | undefined
  timer: NodeJS.Timeout | undefined
}

/** How many closed links are remembered, for errors that describe them. */
const mostRemembered = 256

/** The connections of one native client that JavaScript makes. Calls the connector when native needs one. */
export class GivenConnections {
  readonly #connectors: Connectors
  readonly #localAddress: string | null
  readonly #keepAliveTimeout: number
  /** whether there is one connection per origin, so that all its requests wait for it and fail with it */
  readonly #isSingle: boolean
  readonly #requests: UnconnectedRequests
  readonly #links = new Map<number, Link>()
  /** what is remembered of closed links, by number */
  readonly #past = new Map<number, LinkFacts>()
  /** links of tunnels, by native's id of their requests */
  readonly #tunnels = new Map<number, Link>()
  /** attempts whose request has ended, by key */
  readonly #spare = new Map<string, Set<Attempt>>()
  #nextNumber = 1
  #isDestroyed = false
  #onLastClosed: (() => void) | undefined

  constructor(
    connectors: Connectors,
    options: { localAddress: string; keepAliveTimeout: number; connections: number },
    requests: UnconnectedRequests,
  ) {
    this.#connectors = connectors
    this.#localAddress = options.localAddress || null
    this.#keepAliveTimeout = options.keepAliveTimeout
    this.#isSingle = options.connections === 1
    this.#requests = requests
  }

  /** Native needs a connection for this request, which has not ended. */
  onWanted(request: UnconnectedRequest): void {
    const { wish } = request
    if (wish === null) {
      return
    }
    const key = keyOf(request.origin, wish)
    const spare = this.#takeSpare(key)
    if (spare === undefined) {
      this.#start(request, wish, key)
      return
    }
    spare.request = request
    wish.attempt = spare
    if (spare.socket !== undefined) {
      this.#deliver(spare, spare.socket)
    }
  }

  /** Native has ended the request, so a connection that is being made for it goes to another one. */
  onReleased({ id, wish }: UnconnectedRequest): void {
    this.#tunnels.get(id)?.closeAtEnd()
    this.#tunnels.delete(id)
    const attempt = wish?.attempt
    if (attempt) {
      attempt.request = undefined
      this.#keep(attempt)
    }
  }

  /**
   * `socket` is native's description of a connection: the number of a link. Returns the description of a native
   * connection.
   */
  describe(socket: string): string {
    return this.#factsOf(socket)?.ends ?? ''
  }

  /** Returns the socket's own error, if that is why a request has failed. */
  errorOf(code: number, socket: string): Error | undefined {
    const isOfSocket = code === Errc.socketClosed || code === Errc.socketError
    return isOfSocket ? this.#factsOf(socket)?.error : undefined
  }

  #factsOf(socket: string): LinkFacts | undefined {
    const number = Number(socket)
    return this.#links.get(number) ?? this.#past.get(number)
  }

  /** Resolves when all sockets are closed, except those of tunnels. */
  async destroy(error: Error): Promise<void> {
    this.#isDestroyed = true
    for (const attempts of this.#spare.values()) {
      for (const attempt of attempts) {
        clearTimeout(attempt.timer)
        attempt.socket?.destroy()
      }
    }
    this.#spare.clear()
    const tunnels = new Set(this.#tunnels.values())
    for (const link of this.#links.values()) {
      if (!tunnels.has(link)) {
        link.destroy(error)
      }
    }
    if (this.#links.size > tunnels.size) {
      await new Promise<void>((resolve) => {
        this.#onLastClosed = resolve
      })
    }
  }

  #start(request: UnconnectedRequest, wish: ConnectionWish, key: string): void {
    const { url, hostname } = request.origin
    const { host, protocol, port } = url
    const { servername } = wish
    const localAddress = this.#localAddress
    const options: ConnectorOptions = { host, hostname, protocol, port, servername, localAddress }
    const attempt: Attempt = {
      key,
      origin: request.origin,
      params: options,
      connector: this.#connectors.get(wish.mayUseHttp2),
      request,
      socket: undefined,
      timer: undefined,
    }
    wish.attempt = attempt
    publishBeforeConnect(options, attempt.connector)
    let isCalled = false
    const callback = (error: unknown, socket?: unknown): void => {
      if (isCalled) {
        return
      }
      isCalled = true
      this.#onCalled(attempt, error, socket)
    }
    wish.run(() => {
      try {
        attempt.connector(options, callback)
      } catch (error) {
        callback(error)
      }
    })
  }

  #onCalled(attempt: Attempt, error: unknown, given: unknown): void {
    if (this.#isDestroyed) {
      destroy(given, new errors.ClientDestroyedError())
      return
    }
    try {
      if (error) {
        throw error as Error
      }
      const socket = checkedSocket(given)
      attempt.socket = socket
      if (attempt.request === undefined || attempt.request.ended) {
        this.#keep(attempt)
      } else {
        this.#deliver(attempt, socket)
      }
    } catch (reason) {
      destroy(given)
      this.#fail(attempt, reason as Error)
    }
  }

  // Keeps a connection that nobody waits for, for the next request that needs one.
  #keep(attempt: Attempt): void {
    const { key, socket } = attempt
    const spare = this.#spare.get(key) ?? new Set()
    this.#spare.set(key, spare.add(attempt))
    if (socket !== undefined && attempt.timer === undefined) {
      ;(socket as Partial<LinkedSocket>).unref?.()
      socket.on('error', ignore).once('close', () => this.#drop(attempt))
      attempt.timer = setTimeout(() => {
        this.#drop(attempt)
        socket.destroy()
      }, this.#keepAliveTimeout)
      attempt.timer.unref()
    }
  }

  #drop(attempt: Attempt): void {
    clearTimeout(attempt.timer)
    const spare = this.#spare.get(attempt.key)
    spare?.delete(attempt)
    if (spare?.size === 0) {
      this.#spare.delete(attempt.key)
    }
  }

  #takeSpare(key: string): Attempt | undefined {
    for (const attempt of this.#spare.get(key) ?? []) {
      this.#drop(attempt)
      return attempt
    }
    return undefined
  }

  #deliver(attempt: Attempt, socket: LinkedSocket): void {
    const request = attempt.request as UnconnectedRequest
    const wish = request.wish as ConnectionWish
    const isHttp2 = socket.alpnProtocol === 'h2'
    if (isHttp2 && wish.isTunnel) {
      throw new errors.NotSupportedError('an upgrade or CONNECT over HTTP/2 is not supported')
    }
    const number = this.#nextNumber++
    const descriptor = this.#requests.client.giveSocket(request.id, number, isHttp2)
    if (descriptor < 0) {
      attempt.request = undefined
      this.#keep(attempt)
      return
    }
    wish.attempt = null
    const link = new Link(number, socket, descriptor, !wish.isTunnel, {
      onBroken: () => this.#onBroken(link),
      onClosed: () => this.#onClosed(link),
    })
    this.#links.set(number, link)
    if (wish.isTunnel) {
      this.#tunnels.set(request.id, link)
    }
    this.#requests.flushLater()
    publishConnected(attempt.params, isHttp2 ? 'h2' : 'h1', attempt.connector, socket)
  }

  #fail({ request, origin, params, connector, key }: Attempt, error: Error): void {
    publishConnectError(params, error, connector)
    const failed = this.#isSingle && origin.connected === 0 ? [...this.#waitingFor(key)] : [request]
    for (const each of failed) {
      if (each?.wish) {
        each.wish.attempt = null
        each.fail(error)
      }
    }
    this.#requests.onConnectionError(origin, error)
  }

  *#waitingFor(key: string): Iterable<UnconnectedRequest> {
    for (const request of this.#requests.all()) {
      if (
        request.id !== 0 &&
        request.wish !== null &&
        keyOf(request.origin, request.wish) === key
      ) {
        yield request
      }
    }
  }

  #onBroken(link: Link): void {
    for (const [id, tunnel] of this.#tunnels) {
      if (tunnel === link) {
        this.#requests.byId(id)?.fail(link.error)
        return
      }
    }
    this.#requests.client.breakLink(link.number)
  }

  // Records about this link may still be on their way, so its facts are remembered.
  #onClosed(link: Link): void {
    const { number, ends, error } = link
    this.#links.delete(number)
    this.#past.set(number, { ends, error })
    if (this.#past.size > mostRemembered) {
      const [oldest] = this.#past.keys()
      this.#past.delete(oldest as number)
    }
    if (this.#links.size <= this.#tunnels.size) {
      this.#onLastClosed?.()
    }
  }
}

function keyOf({ key }: Origin, { servername, mayUseHttp2, isTunnel }: ConnectionWish): string {
  return `${key} ${servername ?? ''} ${mayUseHttp2} ${isTunnel}`
}

// Checks the connector's result as undici's Client does.
function checkedSocket(given: unknown): LinkedSocket {
  assert(given)
  const socket = given as LinkedSocket
  if (typeof socket.destroy !== 'function') {
    throw new TypeError('socket.destroy is not a function')
  }
  if (socket.destroyed) {
    throw socket.errored ?? socketError('destroyed', socketInfoOf(socket))
  }
  return socket
}

function destroy(given: unknown, error?: Error): void {
  const socket = given as LinkedSocket | null | undefined
  if (typeof socket?.destroy === 'function') {
    socket.on?.('error', ignore)
    socket.destroy(error)
  }
}

function ignore(): void {}
