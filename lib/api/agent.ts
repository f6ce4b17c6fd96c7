import type { Agent as UndiciAgent, Dispatcher } from 'undici'
import type { AgentOptions } from '../options/agent-options.ts'
import type { OriginStats } from './origin-stats.ts'
import { NativeDispatcher } from './native-dispatcher.ts'

/** A dispatcher for any number of origins, as undici's `Agent`. */
export class Agent extends NativeDispatcher {
  // A program's options may be of undici's type; what of that is not supported is found when it runs.
  constructor(options?: AgentOptions)
  constructor(options: UndiciAgent.Options)
  constructor(options: AgentOptions | UndiciAgent.Options = {}) {
    super(options as AgentOptions)
  }

  /** What is going on, by origin: a snapshot. */
  get stats(): Record<string, OriginStats> {
    return this.state.stats()
  }
}

/** The types that undici has under these names. */
export declare namespace Agent {
  export type Options = AgentOptions
  export type DispatchOptions = Dispatcher.DispatchOptions
}
