import type { AgentOptions } from './agent-options.ts'
import type { OriginStats } from './agent-state.ts'
import { NativeDispatcher } from './native-dispatcher.ts'

/** A dispatcher for any number of origins, as undici's `Agent`. */
export class Agent extends NativeDispatcher {
  constructor(options: AgentOptions = {}) {
    super(options)
  }

  /** What is going on, by origin: a snapshot. */
  get stats(): Record<string, OriginStats> {
    return this.state.stats()
  }
}
