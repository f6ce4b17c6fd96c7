import type { Client as UndiciClientType, Dispatcher, Pool as UndiciPoolType } from 'undici'
import { errors, UndiciPool } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import type { ConnectOptions } from '../options/connect-options.ts'
import { showToUndici } from '../compat/undici-symbols.ts'
import type { OriginStats } from './origin-stats.ts'
import { NativeDispatcher } from './native-dispatcher.ts'
import { proxyDelegate } from './proxy-delegate.ts'
import { standInFor } from './stand-in.ts'
import { withoutUndefined } from './without-undefined.ts'
import { parseOrigin, type OriginLike } from '../origins/origin-url.ts'

const { InvalidArgumentError } = errors

/** Options of `new Pool()`: an Agent's, without those for several origins. */
export interface PoolOptions extends Omit<AgentOptions, 'factory' | 'maxOrigins'> {
  /** Makes the pool's clients, up to `connections` of them, instead of native ones. */
  factory?: (origin: URL, options: object) => Dispatcher
}

/** Options of `new Client()`: a Pool's, without those for several connections. */
export type ClientOptions = Omit<PoolOptions, 'connections' | 'factory'>

/** The connection and the requests of a Client, at this moment. */
export interface ClientStats {
  /** whether there is a connection */
  connected: boolean
  /** requests that wait */
  pending: number
  /** requests that are on the connection */
  running: number
  /** all requests */
  size: number
}

type ConnectRequest<TOpaque> = Omit<Dispatcher.ConnectOptions<TOpaque>, 'origin'>
type ConnectData<TOpaque> = Dispatcher.ConnectData<TOpaque>

/** The base of Pool and Client. Its `connect()` needs no origin. */
abstract class OneOriginDispatcher extends NativeDispatcher {
  static {
    showToUndici(OneOriginDispatcher.prototype, {
      url: (shown) => new URL(shown.fixedOrigin as string),
      connected: (shown) => shown.counts.connected,
      free: (shown) => shown.counts.free,
      pending: (shown) => shown.counts.pending,
      running: (shown) => shown.counts.running,
      size: (shown) => shown.counts.size,
      busy: (shown) => shown.state.isBusy(shown.fixedOrigin as string),
    })
  }

  protected get counts(): OriginStats {
    return this.state.statsOf(this.fixedOrigin as string)
  }

  override connect<TOpaque = null>(
    options: ConnectRequest<TOpaque>,
    callback: (error: Error | null, data: ConnectData<TOpaque>) => void,
  ): void
  override connect<TOpaque = null>(options: ConnectRequest<TOpaque>): Promise<ConnectData<TOpaque>>
  override connect<TOpaque = null>(
    options: ConnectRequest<TOpaque>,
    callback?: (error: Error | null, data: ConnectData<TOpaque>) => void,
  ): Promise<ConnectData<TOpaque>> | void {
    return super.connect(options as Dispatcher.ConnectOptions<TOpaque>, callback as never)
  }
}

/**
 * A dispatcher for one origin, as undici's `Pool`: all requests go there; their own `origin` is ignored. Throws
 * undici's `InvalidArgumentError` for a URL that is not an origin, and for invalid options.
 */
export class Pool extends OneOriginDispatcher {
  constructor(origin: string | URL | OriginLike, options?: PoolOptions)
  constructor(origin: string | URL | OriginLike, options: UndiciPoolType.Options)
  constructor(
    origin: string | URL | OriginLike,
    options: PoolOptions | UndiciPoolType.Options = {},
  ) {
    const url = parseOrigin(origin)
    const given = options as PoolOptions
    super(
      given as AgentOptions,
      url.origin,
      withFactory(url, given) ?? proxyDelegate(given) ?? standInFor(given, url.origin),
    )
  }

  /** What is going on: a snapshot. */
  get stats(): OriginStats {
    return this.counts
  }
}

// undici's own Pool manages the clients that the factory makes.
function withFactory(
  url: URL,
  { factory, signal, ...options }: PoolOptions,
): (() => Dispatcher) | null {
  if (factory === undefined) {
    return null
  }
  const { connect } = options
  const make = (origin: URL, made: object): Dispatcher => {
    const connectOptions = typeof connect === 'function' ? connect : connectOptionsOf(options)
    return factory(origin, withoutUndefined({ ...made, connect: connectOptions, signal }))
  }
  return () => {
    const checked = typeof factory === 'function' ? make : factory
    return new UndiciPool(url, { ...options, factory: checked } as UndiciPoolType.Options)
  }
}

// undici's Pool turns these into a connect function. As plain options they suit any client, and a native one needs no
// JavaScript sockets for them.
function connectOptionsOf(options: PoolOptions): ConnectOptions {
  const { tls, maxCachedSessions, allowH2, socketPath, connectTimeout, connect } = options
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout } = options
  return withoutUndefined({
    ...tls,
    maxCachedSessions,
    allowH2,
    socketPath,
    timeout: connectTimeout,
    ...(typeof autoSelectFamily === 'boolean' && {
      autoSelectFamily,
      autoSelectFamilyAttemptTimeout,
    }),
    ...(connect as ConnectOptions | undefined),
  }) as ConnectOptions
}

/**
 * A dispatcher for one origin with one connection, as undici's `Client`. Over HTTP/2 the connection carries many
 * requests at a time.
 */
export class Client extends OneOriginDispatcher {
  private pipeliningNow: number

  constructor(origin: string | URL | OriginLike, options?: ClientOptions)
  constructor(origin: string | URL | OriginLike, options: UndiciClientType.Options)
  constructor(
    origin: string | URL | OriginLike,
    options: ClientOptions | UndiciClientType.Options = {},
  ) {
    checkRenamed(options as ClientOptions)
    const url = parseOrigin(origin)
    const given = { ...withoutFactory(options as ClientOptions), connections: 1 }
    super(given, url.origin, proxyDelegate(given) ?? standInFor(given, url.origin, true))
    this.pipeliningNow = options.pipelining ?? 1
  }

  /** What is going on: a snapshot. */
  get stats(): ClientStats {
    const { connected, pending, running, size } = this.counts
    return { connected: connected > 0, pending, running, size }
  }

  /** `0`: each connection is closed after one request. Values above 1 act like 1, as libcurl does not pipeline. */
  get pipelining(): number {
    return this.pipeliningNow
  }

  /** Applies to requests that are sent from now on. */
  set pipelining(value: number) {
    this.pipeliningNow = value
    this.state.setPipelining(value)
  }
}

const renamed: readonly [string, string][] = [
  ['keepAlive', 'pipelining=0'],
  ['socketTimeout', 'headersTimeout & bodyTimeout'],
  ['requestTimeout', 'headersTimeout & bodyTimeout'],
  ['idleTimeout', 'keepAliveTimeout'],
  ['maxKeepAliveTimeout', 'keepAliveMaxTimeout'],
]

// As in undici, a Client ignores `factory`.
function withoutFactory(options: ClientOptions): AgentOptions {
  const { factory: _unused, ...rest } = options as AgentOptions
  return rest
}

function checkRenamed(options: ClientOptions): void {
  for (const [name, now] of renamed) {
    if ((options as Record<string, unknown>)[name] !== undefined) {
      throw new InvalidArgumentError(`unsupported ${name}, use ${now} instead`)
    }
  }
}

/** The types that undici has under these names. */
export declare namespace Pool {
  export type Options = PoolOptions
  export type PoolStats = OriginStats
}

export declare namespace Client {
  export type Options = ClientOptions
  export type EventSourceOptions = UndiciClientType.EventSourceOptions
  export type H2Options = UndiciClientType.H2Options
  export type SocketInfo = UndiciClientType.SocketInfo
  export type WebSocketOptions = UndiciClientType.WebSocketOptions
}
