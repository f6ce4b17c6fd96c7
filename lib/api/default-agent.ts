import type { Dispatcher } from 'undici'
import { tunnelsPlainHttp, usesEnvironmentProxies } from '../compat/undici.ts'
import { Agent } from './agent.ts'
import { EnvHttpProxyAgent } from './proxy-agents.ts'

/** Makes the dispatcher for programs that choose none. It uses the environment's proxies if Node's own fetch does. */
export function makeDefaultAgent(): Dispatcher {
  return usesEnvironmentProxies
    ? new EnvHttpProxyAgent({ proxyTunnel: tunnelsPlainHttp })
    : new Agent()
}
