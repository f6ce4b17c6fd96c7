import type { Dispatcher, ProxyAgent as UndiciProxyAgentType } from 'undici'
import { UndiciProxyAgent } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import { needsUndici, Proxy, proxyOptions } from '../options/proxy.ts'

/** Makes undici's ProxyAgent, where the `proxy` option wants of a proxy what is nothing for native. */
export function proxyDelegate(
  options: Pick<AgentOptions, 'proxy' | 'connect' | 'tls'>,
): (() => Dispatcher) | null {
  const { proxy, connect, tls } = options ?? {}
  if (
    typeof proxy !== 'object' ||
    proxy === null ||
    !('uri' in proxy) ||
    !needsUndici(proxy, () => new Proxy(proxy))
  ) {
    return null
  }
  const { requestTls, ...ofProxy } = proxyOptions(proxy)
  const given: object = {
    ...options,
    ...ofProxy,
    requestTls: { ...tls, ...connect, ...requestTls },
  }
  return () => new UndiciProxyAgent(given as UndiciProxyAgentType.Options)
}
