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

/** What a request says of the connection that it may need. */
export class ConnectionWish {
  /** null: none, or no TLS */
  readonly servername: string | null
  readonly mayUseHttp2: boolean
  readonly isTunnel: boolean
  /** in the context of the dispatch */
  readonly run: (call: () => void) => void = AsyncLocalStorage.snapshot()
  attempt: Attempt | null = null

  constructor(servername: string | null, mayUseHttp2: boolean, isTunnel: boolean) {
    this.servername = servername
    this.mayUseHttp2 = mayUseHttp2
    this.isTunnel = isTunnel
  }
}

/** A request that needs a connection. */
export interface Wanting {
  readonly id: number
  readonly origin: Origin
  readonly ended: boolean
  readonly wish: ConnectionWish | null
  fail(error: unknown): void
}

/** Whose requests they are. */
export interface Wishers {
  readonly client: Pick<NativeClient, 'giveSocket' | 'breakLink'>
  byId(id: number): Wanting | undefined
  all(): Iterable<Wanting>
  flushLater(): void
  onConnectionError(origin: Origin, error: Error): void
}

/** One call of a connector. */
interface Attempt {
  readonly key: string
  readonly origin: Origin
  readonly params: ConnectParams
  readonly connector: Connector
  /** undefined: who wanted it has ended, and it waits for another one */
  request: Wanting | undefined
  /** once the connector has called back */
  socket: LinkedSocket | undefined
  timer: NodeJS.Timeout | undefined
}

/** How many links that are closed are remembered, for the errors that tell of them. */
const mostRemembered = 256

/** The connections of one native client that JavaScript makes: calls the connector when native wants one. */
export class GivenConnections {
  readonly #connectors: Connectors
  readonly #localAddress: string | null
  readonly #keepAliveTimeout: number
  /** one connection an origin: all its requests wait for it, and fail with it */
  readonly #isSingle: boolean
  readonly #wishers: Wishers
  readonly #links = new Map<number, Link>()
  /** of links that are closed, by number */
  readonly #past = new Map<number, LinkFacts>()
  /** by native's id of the request that became one */
  readonly #tunnels = new Map<number, Link>()
  /** attempts whose request has ended, by key */
  readonly #spare = new Map<string, Set<Attempt>>()
  #nextNumber = 1
  #isDestroyed = false
  #onLastClosed: (() => void) | undefined

  constructor(
    connectors: Connectors,
    options: { localAddress: string; keepAliveTimeout: number; connections: number },
    wishers: Wishers,
  ) {
    this.#connectors = connectors
    this.#localAddress = options.localAddress || null
    this.#keepAliveTimeout = options.keepAliveTimeout
    this.#isSingle = options.connections === 1
    this.#wishers = wishers
  }

  /** Native needs a connection for this request, which has not ended. */
  onWanted(request: Wanting): void {
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

  /** Native has ended the request: what is being connected for it is for another one. */
  onReleased({ id, wish }: Wanting): void {
    this.#tunnels.get(id)?.closeAtEnd()
    this.#tunnels.delete(id)
    const attempt = wish?.attempt
    if (attempt) {
      attempt.request = undefined
      this.#keep(attempt)
    }
  }

  /** `socket` is what native says of a connection: the number of a link. Returns what it says of its own. */
  describe(socket: string): string {
    return this.#factsOf(socket)?.ends ?? ''
  }

  /** The socket's own error, where that is why a request has failed. */
  errorOf(code: number, socket: string): Error | undefined {
    const isOfSocket = code === Errc.socketClosed || code === Errc.socketError
    return isOfSocket ? this.#factsOf(socket)?.error : undefined
  }

  #factsOf(socket: string): LinkFacts | undefined {
    const number = Number(socket)
    return this.#links.get(number) ?? this.#past.get(number)
  }

  /** Resolves when all sockets are closed, but for those of tunnels. */
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

  #start(request: Wanting, wish: ConnectionWish, key: string): void {
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

  // What nobody waits for now goes to the next one who does.
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
    const request = attempt.request as Wanting
    const wish = request.wish as ConnectionWish
    const isHttp2 = socket.alpnProtocol === 'h2'
    if (isHttp2 && wish.isTunnel) {
      throw new errors.NotSupportedError('an upgrade or CONNECT over HTTP/2 is not supported')
    }
    const number = this.#nextNumber++
    const descriptor = this.#wishers.client.giveSocket(request.id, number, isHttp2)
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
    this.#wishers.flushLater()
    publishConnected(attempt.params, isHttp2 ? 'h2' : 'h1', attempt.connector, socket)
  }

  #fail({ request, origin, params, connector, key }: Attempt, error: Error): void {
    publishConnectError(params, error, connector)
    const failed = this.#isSingle && origin.connected === 0 ? [...this.#alike(key)] : [request]
    for (const each of failed) {
      if (each?.wish) {
        each.wish.attempt = null
        each.fail(error)
      }
    }
    this.#wishers.onConnectionError(origin, error)
  }

  *#alike(key: string): Iterable<Wanting> {
    for (const request of this.#wishers.all()) {
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
        this.#wishers.byId(id)?.fail(link.error)
        return
      }
    }
    this.#wishers.client.breakLink(link.number)
  }

  // The records that tell of it may still be on their way.
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

// As undici's Client looks at what it is given.
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
