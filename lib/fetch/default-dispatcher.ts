import type { Dispatcher } from 'undici'
import { makeDefaultAgent } from '../api/default-agent.ts'
import { usesEnvironmentProxies } from '../compat/undici.ts'
import { getGlobalDispatcher } from '../compat/undici-exports.ts'

/** The one that undici made when it was loaded, or Node when it started. As long as it is there, nobody has chosen any. */
const untouched = unchosen(getGlobalDispatcher())
let own: Dispatcher | undefined

/** The global dispatcher; where nobody has set one, one of our own that goes the same ways. */
export function defaultDispatcher(): Dispatcher {
  const global = getGlobalDispatcher()
  if (global !== untouched) {
    return global
  }
  own ??= makeDefaultAgent()
  return own
}

// Somebody may have set one before dodici was loaded: a proxy's, or an Agent with certificates.
function unchosen(dispatcher: Dispatcher): Dispatcher | undefined {
  const isNodes = usesEnvironmentProxies && dispatcher.constructor.name === 'EnvHttpProxyAgent'
  return isNodes || isPlainAgent(dispatcher) ? dispatcher : undefined
}

// Of any copy of undici, Node's own too: an Agent without options, and without a dispatch() of somebody's own.
function isPlainAgent(dispatcher: Dispatcher): boolean {
  const kind = Object.getPrototypeOf(dispatcher) as object
  const base = Object.getPrototypeOf(kind) as object
  const isAgent = kind.constructor.name === 'Agent' && base.constructor.name === 'DispatcherBase'
  const { options, factory } = kept(dispatcher)
  return (
    isAgent &&
    !Object.hasOwn(dispatcher, 'dispatch') &&
    typeof options === 'object' &&
    Object.values({ ...options }).every((value) => value === undefined || value === Infinity) &&
    (factory as { name?: unknown } | undefined)?.name === 'defaultFactory'
  )
}

// By descriptions: the names are private to each copy.
function kept(agent: Dispatcher): { options?: object; factory?: unknown } {
  const names = Object.getOwnPropertySymbols(agent)
  const values = agent as unknown as Record<symbol, unknown>
  return Object.fromEntries(names.map((name) => [name.description, values[name]]))
}
