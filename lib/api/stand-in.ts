import type { Dispatcher } from 'undici'
import {
  UndiciAgent,
  UndiciClient,
  UndiciEnvHttpProxyAgent,
  UndiciPool,
  UndiciProxyAgent,
} from '../compat/undici.ts'
import { bindingError } from '../native/load.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import { proxyOptions } from '../options/proxy.ts'

type Options = Omit<AgentOptions, 'factory'>

let isWarned = false

/**
 * Where there is an addon: null. Where there is none: `make`, which makes the dispatcher of undici's that stands in, if
 * `fallback` or `DODICI_FALLBACK` allow it. Throws why there is no addon otherwise.
 */
export function standIn(
  { fallback }: Pick<AgentOptions, 'fallback'>,
  make: () => Dispatcher,
): (() => Dispatcher) | null {
  const error = bindingError()
  if (error === undefined) {
    return null
  }
  if ((fallback ?? process.env['DODICI_FALLBACK']) !== 'undici') {
    throw error
  }
  if (!isWarned) {
    isWarned = true
    process.emitWarning(`undici stands in for dodici. ${error.message}`, {
      code: 'DODICI_FALLBACK',
    })
  }
  return make
}

/** As standIn(), for an Agent's options; with an origin, for a Pool's or (`isClient`) a Client's. */
export function standInFor(
  options: Options,
  origin?: string,
  isClient = false,
): (() => Dispatcher) | null {
  return standIn(options, () => {
    const given = undiciOptions(options) as never
    if (origin !== undefined) {
      return isClient ? new UndiciClient(origin, given) : new UndiciPool(origin, given)
    }
    const { proxy } = options
    if (!proxy || proxy === 'none') {
      return new UndiciAgent(given)
    }
    return proxy === 'env'
      ? new UndiciEnvHttpProxyAgent(given)
      : new UndiciProxyAgent({ ...(given as object), ...proxyOptions(proxy) } as never)
  })
}

// undici has one name for what `tls` and `connect` say.
function undiciOptions({ proxy: _proxy, signal: _signal, tls, connect, ...rest }: Options): object {
  return typeof connect === 'function'
    ? { ...rest, connect }
    : { ...rest, connect: { ...tls, ...connect } }
}
