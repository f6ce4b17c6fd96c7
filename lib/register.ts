// node --import dodici/register app.js
import { Agent } from './agent.ts'
import { setGlobalDispatcher } from './global-dispatcher.ts'

setGlobalDispatcher(new Agent())
