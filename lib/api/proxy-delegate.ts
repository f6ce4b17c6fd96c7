import type { Dispatcher, ProxyAgent as UndiciProxyAgentType } from 'undici'
import { UndiciProxyAgent } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import { optionOfNodeOnly } from '../options/connect-options.ts'
import { needsUndici, Proxy, proxyOptions } from '../options/proxy.ts'

/**
 * Returns a function that makes undici's ProxyAgent, if the `proxy` option, or TLS through it, needs what native cannot
 * do.
 */
export function proxyDelegate(
  options: Pick<AgentOptions, 'proxy' | 'connect' | 'tls'>,
): (() => Dispatcher) | null {
  const { proxy, connect, tls } = options ?? {}
  if (!proxy || proxy === 'env' || proxy === 'none' || typeof connect === 'function') {
    return null
  }
  const ofOrigins = { ...tls, ...connect }
  const needsNode = optionOfNodeOnly(ofOrigins) !== undefined
  const proxyNeedsUndici =
    typeof proxy === 'object' && 'uri' in proxy && needsUndici(proxy, () => new Proxy(proxy))
  if (!needsNode && !proxyNeedsUndici) {
    return null
  }
  const { requestTls, ...ofProxy } = proxyOptions(proxy)
  const given: object = {
    ...options,
    ...ofProxy,
    requestTls: { ...ofOrigins, ...requestTls },
  }
  return () => new UndiciProxyAgent(given as UndiciProxyAgentType.Options)
}
