import type { Dispatcher } from 'undici'
import { Agent } from '../api/agent.ts'
import { getGlobalDispatcher } from '../compat/undici-exports.ts'

/** undici makes one when it is loaded. As long as nobody has set another, nobody has chosen it. */
const untouched = getGlobalDispatcher()
let own: Agent | undefined

/** The global dispatcher; where nobody has set one, an Agent of our own. */
export function defaultDispatcher(): Dispatcher {
  const global = getGlobalDispatcher()
  if (global !== untouched) {
    return global
  }
  own ??= new Agent()
  return own
}
