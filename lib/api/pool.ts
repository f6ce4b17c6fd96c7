import type { Client as UndiciClientType, Dispatcher, Pool as UndiciPoolType } from 'undici'
import { errors, UndiciPool } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import type { ConnectOptions } from '../options/connect-options.ts'
import { showToUndici } from '../compat/undici-symbols.ts'
import type { OriginStats } from './origin-stats.ts'
import { NativeDispatcher } from './native-dispatcher.ts'
import { proxyDelegate } from './proxy-delegate.ts'
import { withoutUndefined } from './without-undefined.ts'
import { parseOrigin, type OriginLike } from '../origins/origin-url.ts'

const { InvalidArgumentError } = errors

/** Options of `new Pool()`: an Agent's, less what concerns several origins. */
export interface PoolOptions extends Omit<AgentOptions, 'factory' | 'maxOrigins'> {
  /** Makes the pool's clients, as many as `connections` says, instead of native ones. */
  factory?: (origin: URL, options: object) => Dispatcher
}

/** Options of `new Client()`: a Pool's, less what concerns several connections. */
export type ClientOptions = Omit<PoolOptions, 'connections' | 'factory'>

/** Of a Client, at the moment of asking. */
export interface ClientStats {
  /** there is a connection */
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

/** What Pool and Client are: `connect()` needs no origin either. */
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
 * A dispatcher for one origin, as undici's `Pool`: requests go there whatever their `origin` says, and need none.
 * Throws undici's `InvalidArgumentError` for a URL that is no origin, and for wrong options.
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
    super(given as AgentOptions, url.origin, withFactory(url, given) ?? proxyDelegate(given))
  }

  /** What is going on: a snapshot. */
  get stats(): OriginStats {
    return this.counts
  }
}

// undici's own Pool of the clients that the factory makes.
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

// undici's Pool makes a connect function of these. As options they serve any client, and ours without a detour.
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

/** A dispatcher for one origin with one connection, as undici's `Client`. Over HTTP/2 that carries many requests at a time. */
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
    super(given, url.origin, proxyDelegate(given))
    this.pipeliningNow = options.pipelining ?? 1
  }

  /** What is going on: a snapshot. */
  get stats(): ClientStats {
    const { connected, pending, running, size } = this.counts
    return { connected: connected > 0, pending, running, size }
  }

  /** `0`: each connection is closed after one request. libcurl does not pipeline: more than 1 acts like 1. */
  get pipelining(): number {
    return this.pipeliningNow
  }

  /** Counts for requests that are sent from now on. */
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

// A Client knows no such option, as in undici.
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
