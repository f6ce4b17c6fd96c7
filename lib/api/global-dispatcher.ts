import { errors } from 'undici'
import type { Dispatcher } from 'undici'

// Where undici 8 and Node 26 look, and where undici 6 and 7 and Node 20 to 24 do.
const current = Symbol.for('undici.globalDispatcher.2')
const legacy = Symbol.for('undici.globalDispatcher.1')

/**
 * Makes `agent` the dispatcher of every fetch(), request() and so on that names none: Node's own fetch and that of any
 * undici from 6 to 8. Unlike undici's function of this name it gives all of them the agent itself, so that they get
 * HTTP/2 too; the agent must therefore take legacy handlers, as ours does.
 */
export function setGlobalDispatcher(agent: Dispatcher): void {
  if (!agent || typeof agent.dispatch !== 'function') {
    throw new errors.InvalidArgumentError('Argument agent must implement Agent')
  }
  for (const symbol of [current, legacy]) {
    Object.defineProperty(globalThis, symbol, {
      value: agent,
      writable: true,
      enumerable: false,
      configurable: false,
    })
  }
}
