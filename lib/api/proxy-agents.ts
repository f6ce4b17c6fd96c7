import type * as undici from 'undici'
import type { Dispatcher } from 'undici'
import {
  errors,
  UndiciEnvHttpProxyAgent,
  UndiciHeaders,
  UndiciProxyAgent,
} from '../compat/undici.ts'
import { resolveOptions, type AgentOptions } from '../options/agent-options.ts'
import {
  needsUndici,
  proxiesOfEnvironment,
  Proxies,
  Proxy,
  proxyOptions,
  type EnvironmentProxyOptions,
  type ProxyOptions,
} from '../options/proxy.ts'
import { standIn } from './stand-in.ts'
import { directDispatches, NativeDispatcher } from './native-dispatcher.ts'

const { InvalidArgumentError } = errors

/**
 * Options of `new ProxyAgent()`: the proxy's and an Agent's. `requestTls`, not `connect`, configures the TLS with
 * origins.
 */
export interface ProxyAgentOptions
  extends ProxyOptions, Omit<AgentOptions, 'proxy' | 'connect' | 'tls' | 'factory'> {}

/** Options of `new EnvHttpProxyAgent()`. `connect` applies to origins that are reached without a proxy. */
export interface EnvHttpProxyAgentOptions
  extends EnvironmentProxyOptions, Omit<AgentOptions, 'proxy' | 'factory'> {}

/**
 * A dispatcher whose requests go through a proxy, as undici's `ProxyAgent`. Throws undici's `InvalidArgumentError`
 * without a `uri`, and for invalid options.
 */
export class ProxyAgent extends NativeDispatcher {
  constructor(options: ProxyAgentOptions | string | URL)
  constructor(options: undici.ProxyAgent.Options | string | URL)
  constructor(given: ProxyAgentOptions | undici.ProxyAgent.Options | string | URL) {
    const options = proxyOptions(given) as ProxyAgentOptions
    checkClientFactory(options.clientFactory)
    const usesUndici = needsUndici(options, () => new Proxy(options))
    const makeUndici = (): Dispatcher => new UndiciProxyAgent(options as undici.ProxyAgent.Options)
    super(
      usesUndici ? agentOptions(options) : agentOptions(options, new Proxy(options, true)),
      undefined,
      usesUndici ? makeUndici : standIn(options, makeUndici),
    )
  }

  /**
   * As an Agent's. Throws an `InvalidArgumentError` if the headers contain `proxy-authorization`, because it would
   * reach the origin. Other dispatchers would pass that error to the handler.
   */
  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (sendsProxyAuthorization(options.headers)) {
      throw new InvalidArgumentError('Proxy-Authorization should be sent in ProxyAgent constructor')
    }
    return super.dispatch(options, handler)
  }
}

directDispatches.add(ProxyAgent.prototype.dispatch)

/**
 * A dispatcher whose requests go through the proxies of the environment, as undici's `EnvHttpProxyAgent`. It reads
 * `http_proxy` and `https_proxy` when it is made, and `no_proxy` at each request, in lower or upper case.
 */
export class EnvHttpProxyAgent extends NativeDispatcher {
  constructor(options?: EnvHttpProxyAgentOptions)
  constructor(options: undici.EnvHttpProxyAgent.Options)
  constructor(given: EnvHttpProxyAgentOptions | undici.EnvHttpProxyAgent.Options = {}) {
    const options = given as EnvHttpProxyAgentOptions
    checkClientFactory(options.clientFactory)
    const resolved = (): AgentOptions => {
      return { ...options, proxy: asOption(proxiesOfEnvironment(options, true)) } as AgentOptions
    }
    const usesUndici = needsUndici(options, () => resolveOptions(resolved()))
    const makeUndici = (): Dispatcher =>
      new UndiciEnvHttpProxyAgent(given as undici.EnvHttpProxyAgent.Options)
    super(
      usesUndici ? (options as AgentOptions) : resolved(),
      undefined,
      usesUndici ? makeUndici : standIn(options, makeUndici),
    )
  }
}

// undici's ProxyAgent ignores the options for direct connections too: every connection goes to the proxy.
function agentOptions(
  { connectTimeout, proxyTls, requestTls, ...options }: ProxyAgentOptions,
  proxy?: Proxy,
): AgentOptions {
  const timeout = proxyTls?.timeout ?? requestTls?.timeout ?? connectTimeout
  const { auth: _auth, token: _token, headers: _headers, ...rest } = options
  return {
    ...rest,
    connect: null,
    tls: null,
    socketPath: null,
    localAddress: null,
    ...(timeout !== undefined && timeout !== null && { connectTimeout: timeout }),
    proxy: asOption(proxy === undefined ? null : new Proxies(proxy, proxy, null)),
  } as AgentOptions
}

// An Agent accepts Proxies, but its public type does not say so, because only this library makes them.
function asOption(proxies: Proxies | null): NonNullable<AgentOptions['proxy']> {
  return (proxies ?? 'none') as unknown as ProxyOptions
}

function checkClientFactory(factory: unknown): void {
  if (factory !== undefined && typeof factory !== 'function') {
    throw new InvalidArgumentError('Proxy opts.clientFactory must be a function.')
  }
}

function sendsProxyAuthorization(headers: unknown): boolean {
  return namesOf(headers).some(
    (name) => typeof name === 'string' && name.toLowerCase() === 'proxy-authorization',
  )
}

function namesOf(headers: unknown): unknown[] {
  if (Array.isArray(headers)) {
    return headers.filter((_value, index) => index % 2 === 0)
  }
  if (typeof headers !== 'object' || headers === null) {
    return []
  }
  if (headers instanceof Map || headers instanceof Headers || headers instanceof UndiciHeaders) {
    return [...headers.keys()]
  }
  return Object.keys(headers)
}

/** The types that undici has under these names. */
export declare namespace ProxyAgent {
  export type Options = ProxyAgentOptions
}

export declare namespace EnvHttpProxyAgent {
  export type Options = EnvHttpProxyAgentOptions
}
