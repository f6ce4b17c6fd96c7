// Usage: node --import dodici/register app.js
import { makeDefaultAgent } from './api/default-agent.ts'
import { setGlobalDispatcher } from './api/global-dispatcher.ts'
import { installFetch } from './fetch/install.ts'

setGlobalDispatcher(makeDefaultAgent())
installFetch()
