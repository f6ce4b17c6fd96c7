import type { Dispatcher } from 'undici'
import { LegacyDispatcher } from '../compat/legacy-dispatcher.ts'
import { setUndiciDispatcher } from '../compat/undici.ts'
import { NativeDispatcher } from './native-dispatcher.ts'

// Where undici 6 and 7 and the fetch() of Node 20 to 24 look. undici 8 and Node 26 look elsewhere.
const legacy = Symbol.for('undici.globalDispatcher.1')

/**
 * Makes `agent` the dispatcher of every fetch(), request() and so on that names none: Node's own fetch and that of any
 * undici from 6 to 8.
 *
 * undici 8's function of this name keeps the older callers from HTTP/2. This one does not where `agent` is a dispatcher
 * of dodici's.
 */
export function setGlobalDispatcher(agent: Dispatcher): void {
  setUndiciDispatcher(agent)
  if (agent instanceof NativeDispatcher) {
    // Changes nothing where globalThis is frozen, as undici does.
    Reflect.defineProperty(globalThis, legacy, {
      value: legacyDispatcher(agent),
      writable: true,
      enumerable: false,
      configurable: false,
    })
  }
}

/** What the fetch() of Node 20 to 24 can use: its handlers are of the old kind. */
export function legacyDispatcher(dispatcher: Dispatcher): Dispatcher {
  return dispatcher instanceof NativeDispatcher && takesLegacyHandlers(dispatcher)
    ? dispatcher
    : new LegacyDispatcher(dispatcher)
}

// A dispatch() of the user's own, or an interceptor's, may expect new handlers only.
function takesLegacyHandlers(agent: NativeDispatcher): boolean {
  return agent.dispatch === NativeDispatcher.prototype.dispatch
}
