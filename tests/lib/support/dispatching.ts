import { Agent } from '../../../lib/api/agent.ts'
import type { Controller } from '../../../lib/compat/handler.ts'
import type { Recorder } from './recorder.ts'

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const

/** Dispatches a GET, changed by `opts`, over the fake native client. */
export function dispatch(
  handler: Recorder,
  opts: object = {},
  agent: Agent = new Agent(),
): Controller {
  agent.dispatch({ ...get, ...opts }, handler)
  return handler.controller as Controller
}

export const pause = (controller: Controller): void => controller.pause()
