import type { Agent as UndiciAgentType, Dispatcher } from 'undici'
import { UndiciAgent } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import { showToUndici } from '../compat/undici-symbols.ts'
import type { OriginStats } from './origin-stats.ts'
import { NativeDispatcher } from './native-dispatcher.ts'
import { proxyDelegate } from './proxy-delegate.ts'
import { standInFor } from './stand-in.ts'
import { withoutUndefined } from './without-undefined.ts'

/** A dispatcher for any number of origins, as undici's `Agent`. */
export class Agent extends NativeDispatcher {
  static {
    showToUndici(Agent.prototype, {
      clients: (agent) => agent.state.clients(),
      running: (agent) => sum(Object.values(agent.stats).map(({ running }) => running)),
    })
  }

  // Options of undici's type are accepted; those that are not supported throw at run time.
  constructor(options?: AgentOptions)
  constructor(options: UndiciAgentType.Options)
  constructor(options: AgentOptions | UndiciAgentType.Options = {}) {
    const given = options as AgentOptions
    super(given, undefined, withFactory(given) ?? proxyDelegate(given) ?? standInFor(given))
  }

  /** The number of connections and requests of each origin, at this moment. */
  get stats(): Record<string, OriginStats> {
    return this.state.stats()
  }
}

// undici's Agent calls the factory for each origin, and counts and forgets what it makes.
function withFactory({ factory, signal, ...options }: AgentOptions): (() => Dispatcher) | null {
  if (factory === undefined) {
    return null
  }
  // undici's Agent passes the factory a copy made through JSON, which not every option of ours survives.
  const make = (origin: string | URL, made: AgentOptions): Dispatcher => {
    const { maxOrigins, connect, tls, allowH2 = options.allowH2 } = made
    const given = withoutUndefined({ ...options, maxOrigins, connect, tls, allowH2, signal })
    return factory(origin, given)
  }
  return () => {
    const checked = typeof factory === 'function' ? make : factory
    return new UndiciAgent({ ...options, factory: checked } as UndiciAgentType.Options)
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** The types that undici has under these names. */
export declare namespace Agent {
  export type Options = AgentOptions
  export type DispatchOptions = Dispatcher.DispatchOptions
}
