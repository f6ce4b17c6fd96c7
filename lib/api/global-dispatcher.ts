import type { Dispatcher } from 'undici'
import { LegacyDispatcher } from '../compat/legacy-dispatcher.ts'
import { setUndiciDispatcher } from '../compat/undici.ts'
import { NativeDispatcher } from './native-dispatcher.ts'

// undici 6 and 7 and the fetch() of Node 20 to 24 read this property. undici 8 and Node 26 read another.
const legacy = Symbol.for('undici.globalDispatcher.1')

/**
 * Makes `agent` the dispatcher of each fetch(), request() and so on that names none: of Node's own fetch, and of undici
 * 6 to 8.
 *
 * undici 8's function of this name gives the older callers no HTTP/2. This one does, if `agent` is a dispatcher of
 * dodici.
 */
export function setGlobalDispatcher(agent: Dispatcher): void {
  setUndiciDispatcher(agent)
  if (agent instanceof NativeDispatcher) {
    // As in undici, this changes nothing if globalThis is frozen.
    Reflect.defineProperty(globalThis, legacy, {
      value: legacyDispatcher(agent),
      writable: true,
      enumerable: false,
      configurable: false,
    })
  }
}

/** Returns a dispatcher that takes legacy handlers, as the fetch() of Node 20 to 24 passes. */
export function legacyDispatcher(dispatcher: Dispatcher): Dispatcher {
  return dispatcher instanceof NativeDispatcher && takesLegacyHandlers(dispatcher)
    ? dispatcher
    : new LegacyDispatcher(dispatcher)
}

// A dispatch() that a user or an interceptor has replaced may only know modern handlers.
function takesLegacyHandlers(agent: NativeDispatcher): boolean {
  return agent.dispatch === NativeDispatcher.prototype.dispatch
}
