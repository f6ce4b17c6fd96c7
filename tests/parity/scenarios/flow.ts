import { exchange, dispatch } from '../../support/recorder.ts'
import type { Controller, Hooks } from '../../support/recorder.ts'
import { quiet } from '../../support/wait.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'

/**
 * The body comes in two pieces with a pause between them; the hooks act as the scenario requires. If they act between
 * the two, the pause is long, because on a busy machine both may have come when the first is delivered.
 */
function flow(
  no: number,
  name: string,
  hooks: (known: { reason: unknown }) => Hooks,
  reason: unknown = new Error('the reason'),
  pauseMs = 30,
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.request()
        peer.send(`${ok}hel`)
        await quiet(pauseMs)
        peer.send('lo')
      })
      const agent = await stage.agent()
      const known = { reason }
      const recorder = await exchange(agent, { origin: server.origin }, hooks(known))
      await quiet(80)
      return seen(recorder, { known })
    },
  }
}

const moments = ['onRequestStart', 'onResponseStart', 'onResponseData'] as const

const longPauseMs = 300

const aborts = moments.map((moment) =>
  flow(
    moment === 'onRequestStart' ? 35 : 36,
    `abort in ${moment}`,
    ({ reason }) => ({
      [moment]: (_self: unknown, controller: Controller) => controller.abort(reason as Error),
    }),
    undefined,
    longPauseMs,
  ),
)

const throws = (
  ['onRequestStart', 'onResponseStarted', 'onResponseStart', 'onResponseData'] as const
).map((moment) =>
  flow(40, `throw in ${moment}`, ({ reason }) => ({
    [moment]: () => {
      throw reason
    },
  })),
)

const pauses = moments.map((moment) =>
  flow(41, `pause in ${moment}, resume later`, () => ({
    [moment]: (_self: unknown, controller: Controller) => {
      controller.pause()
      setTimeout(() => controller.resume(), 60)
    },
  })),
)

const reasons: [string, unknown][] = [
  ['a string', 'because'],
  ['a DOMException', new DOMException('stop', 'AbortError')],
  ['undefined', undefined],
  ['null', null],
]

export const flowScenarios: readonly Scenario[] = [
  ...aborts,
  ...throws,
  ...pauses,
  ...reasons.map(([name, reason]) =>
    flow(
      37,
      `abort with ${name}`,
      () => ({
        onResponseStart: (_self, controller) => controller.abort(reason as Error),
      }),
      reason,
    ),
  ),
  flow(
    36,
    'abort between two chunks',
    ({ reason }) => ({
      onResponseData: (_self, controller) => {
        setTimeout(() => controller.abort(reason as Error), 5)
      },
    }),
    undefined,
    longPauseMs,
  ),
  flow(38, 'abort twice, and after the error', ({ reason }) => ({
    onResponseStart: (_self, controller) => {
      controller.abort(reason as Error)
      controller.abort(new Error('another'))
    },
    onResponseError: (_self, controller) => controller.abort(new Error('a third')),
  })),
  flow(38, 'abort after the end', ({ reason }) => ({
    onResponseEnd: (_self, controller) => {
      setTimeout(() => controller.abort(reason as Error), 5)
    },
  })),
  flow(40, 'throw in onResponseEnd', ({ reason }) => ({
    onResponseEnd: () => {
      throw reason
    },
  })),
  {
    no: 42,
    name: 'pause on the last chunk',
    play: async (stage) => {
      const server = await stage.answering(`${ok}hello`)
      const agent = await stage.agent()
      const recorder = dispatch(
        agent,
        { origin: server.origin },
        { onResponseData: (_self, controller) => controller.pause() },
      )
      await recorder.seen('onResponseData')
      await quiet()
      const paused = seen(recorder)
      recorder.controller?.resume()
      await recorder.done
      return [paused, seen(recorder)]
    },
  },
  {
    no: 39,
    name: 'state of the controller at every step',
    play: async (stage) => {
      const server = await stage.answering(`${ok}hello`)
      const agent = await stage.agent()
      const recorder = await exchange(agent, { origin: server.origin })
      return recorder.calls
        .filter(({ controller, name }) => controller && name !== 'onRequestSent')
        .map(({ name, controller }) => ({
          name,
          aborted: controller?.aborted,
          paused: controller?.paused,
          reason: controller?.reason as null,
        }))
    },
  },
]
