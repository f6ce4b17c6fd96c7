import type { Dispatcher } from 'undici'
import { makeDefaultAgent } from './default-agent.ts'
import { usesEnvironmentProxies } from '../compat/undici.ts'
import { getGlobalDispatcher } from '../compat/undici-exports.ts'

/**
 * The global dispatcher that undici made when it was loaded, or Node when it started. While it stays, the program has
 * not chosen one.
 */
const untouched = unchosen(getGlobalDispatcher())
let own: Dispatcher | undefined

/** Returns the global dispatcher. If the program has not set one, returns one of ours that uses the same proxies. */
export function defaultDispatcher(): Dispatcher {
  const global = getGlobalDispatcher()
  if (global !== untouched) {
    return global
  }
  own ??= makeDefaultAgent()
  return own
}

// Returns undefined if the program set the dispatcher before dodici was loaded, such as an Agent with certificates.
function unchosen(dispatcher: Dispatcher): Dispatcher | undefined {
  const isNodes = usesEnvironmentProxies && dispatcher.constructor.name === 'EnvHttpProxyAgent'
  return isNodes || isPlainAgent(dispatcher) ? dispatcher : undefined
}

// Whether it is an Agent without options, of any copy of undici, also Node's, whose dispatch() was not replaced.
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

// Finds properties by their symbols' descriptions, as each copy of undici has symbols of its own.
function kept(agent: Dispatcher): { options?: object; factory?: unknown } {
  const names = Object.getOwnPropertySymbols(agent)
  const values = agent as unknown as Record<symbol, unknown>
  return Object.fromEntries(names.map((name) => [name.description, values[name]]))
}
