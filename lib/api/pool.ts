import type { Client as UndiciClient, Dispatcher, Pool as UndiciPool } from 'undici'
import type { AgentOptions } from '../options/agent-options.ts'
import { errors } from '../errors/errors.ts'
import type { OriginStats } from './origin-stats.ts'
import { NativeDispatcher } from './native-dispatcher.ts'
import { parseOrigin, type OriginLike } from '../origins/origin-url.ts'

const { InvalidArgumentError, NotSupportedError } = errors

/** Options of `new Pool()`: an Agent's, less what concerns several origins. */
export type PoolOptions = Omit<AgentOptions, 'factory' | 'maxOrigins'>

/** Options of `new Client()`: a Pool's, less what concerns several connections. */
export type ClientOptions = Omit<PoolOptions, 'connections'>

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

type ConnectOptions<TOpaque> = Omit<Dispatcher.ConnectOptions<TOpaque>, 'origin'>
type ConnectData<TOpaque> = Dispatcher.ConnectData<TOpaque>

/** What Pool and Client are: `connect()` needs no origin either. */
abstract class OneOriginDispatcher extends NativeDispatcher {
  override connect<TOpaque = null>(
    options: ConnectOptions<TOpaque>,
    callback: (error: Error | null, data: ConnectData<TOpaque>) => void,
  ): void
  override connect<TOpaque = null>(options: ConnectOptions<TOpaque>): Promise<ConnectData<TOpaque>>
  override connect<TOpaque = null>(
    options: ConnectOptions<TOpaque>,
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
  constructor(origin: string | URL | OriginLike, options: UndiciPool.Options)
  constructor(origin: string | URL | OriginLike, options: PoolOptions | UndiciPool.Options = {}) {
    const url = parseOrigin(origin)
    if (typeof (options as AgentOptions).factory === 'function') {
      throw new NotSupportedError('factory of a Pool is not supported')
    }
    super(options as PoolOptions, url.origin)
  }

  /** What is going on: a snapshot. */
  get stats(): OriginStats {
    return this.state.statsOf(this.fixedOrigin as string)
  }
}

/** A dispatcher for one origin with one connection, as undici's `Client`. Over HTTP/2 that carries many requests at a time. */
export class Client extends OneOriginDispatcher {
  private readonly pipeliningOption: number

  constructor(origin: string | URL | OriginLike, options?: ClientOptions)
  constructor(origin: string | URL | OriginLike, options: UndiciClient.Options)
  constructor(
    origin: string | URL | OriginLike,
    options: ClientOptions | UndiciClient.Options = {},
  ) {
    checkRenamed(options as ClientOptions)
    const url = parseOrigin(origin)
    super({ ...withoutFactory(options as ClientOptions), connections: 1 }, url.origin)
    this.pipeliningOption = options.pipelining ?? 1
  }

  /** What is going on: a snapshot. */
  get stats(): ClientStats {
    const { connected, pending, running, size } = this.state.statsOf(this.fixedOrigin as string)
    return { connected: connected > 0, pending, running, size }
  }

  /** As in the options; libcurl does not pipeline. */
  get pipelining(): number {
    return this.pipeliningOption
  }

  set pipelining(_value: number) {
    throw new NotSupportedError('changing pipelining is not supported')
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
}
