// node --import dodici/register app.js
import { Agent } from './api/agent.ts'
import { setGlobalDispatcher } from './api/global-dispatcher.ts'

setGlobalDispatcher(new Agent())
