import type * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { request } from '../answer/request.ts'
import { UndiciBalancedPool } from '../compat/undici.ts'
import { lateExport } from '../compat/undici-exports.ts'
import { dispatchModern } from '../compat/legacy-handler.ts'
import type { OriginLike } from '../origins/origin-url.ts'
import { Client, Pool, type PoolOptions } from './pool.ts'

/** Options of `new BalancedPool()`: the options of its pools, and how to choose between them. */
export interface BalancedPoolOptions extends Omit<PoolOptions, 'factory'> {
  /** Makes the pool of each upstream. Default: `(origin, options) => new Pool(origin, options)`. */
  factory?: (origin: URL, options: object) => Dispatcher
  /** Weight of an upstream without failures. Default: `100`. */
  maxWeightPerServer?: number
  /** How much a failure lowers an upstream's weight, and a new connection raises it. Default: `15`. */
  errorPenalty?: number
}

/** Options of `new RoundRobinPool()`: the same as a Pool's. */
export type RoundRobinPoolOptions = PoolOptions

const UndiciRoundRobinPool: typeof undici.RoundRobinPool = lateExport('RoundRobinPool')

type Upstream = string | URL | OriginLike

/**
 * undici's `BalancedPool` over pools of ours: sends each request to one of several equivalent upstreams. Throws
 * undici's errors.
 */
export class BalancedPool extends UndiciBalancedPool {
  static {
    this.prototype.request = request as Dispatcher['request']
  }

  constructor(upstreams?: Upstream | readonly Upstream[], options: BalancedPoolOptions = {}) {
    const { factory = poolOf(options) } = options
    super((upstreams ?? []) as string[], { ...options, factory } as undici.Pool.Options)
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    return dispatchModern(options, handler, (opts, modern) => super.dispatch(opts, modern))
  }
}

/** undici's `RoundRobinPool` over clients of ours: the connections of one origin take turns. Throws undici's errors. */
export class RoundRobinPool extends UndiciRoundRobinPool {
  static {
    this.prototype.request = request as Dispatcher['request']
  }

  constructor(origin: string | URL | OriginLike, options: RoundRobinPoolOptions = {}) {
    const { factory = clientOf(options) } = options
    super(origin as string, { ...options, factory } as undici.RoundRobinPool.Options)
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    return dispatchModern(options, handler, (opts, modern) => super.dispatch(opts, modern))
  }
}

// undici's pools pass a copy of the options made through JSON, so the originals are used here.
function poolOf({
  factory: _default,
  ...options
}: BalancedPoolOptions): (origin: URL) => Dispatcher {
  return (origin) => new Pool(origin, options)
}

function clientOf({
  factory: _default,
  connections: _pools,
  clientTtl: _too,
  ...options
}: RoundRobinPoolOptions): (origin: URL) => Dispatcher {
  return (origin) => new Client(origin, options)
}

/** The types that undici has under this name. */
export declare namespace RoundRobinPool {
  export type Options = RoundRobinPoolOptions
  export type RoundRobinPoolStats = undici.RoundRobinPool.RoundRobinPoolStats
}
