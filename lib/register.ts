// node --import dodici/register app.js
import { tunnelsPlainHttp, usesEnvironmentProxies } from './compat/undici.ts'
import { Agent } from './api/agent.ts'
import { setGlobalDispatcher } from './api/global-dispatcher.ts'
import { EnvHttpProxyAgent } from './api/proxy-agents.ts'
import { installFetch } from './fetch/install.ts'

setGlobalDispatcher(
  usesEnvironmentProxies ? new EnvHttpProxyAgent({ proxyTunnel: tunnelsPlainHttp }) : new Agent(),
)
installFetch()
