import type { Dispatcher } from 'undici'
import { tunnelsPlainHttp, usesEnvironmentProxies } from '../compat/undici.ts'
import { Agent } from './agent.ts'
import { EnvHttpProxyAgent } from './proxy-agents.ts'

/** A dispatcher for whoever has chosen none: it goes through the environment's proxies where Node's own fetch does. */
export function makeDefaultAgent(): Dispatcher {
  return usesEnvironmentProxies
    ? new EnvHttpProxyAgent({ proxyTunnel: tunnelsPlainHttp })
    : new Agent()
}
