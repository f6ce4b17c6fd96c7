/** Whatever a callback does to the agent, to other requests or to its own, each request ends once. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import type { TestAgent } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { Recorder, dispatch, exchange, requestCallbacks } from '../support/recorder.ts'
import { turns } from '../support/wait.ts'

interface Scene {
  readonly agent: TestAgent
  readonly origin: string
  /** The request whose callback it is, and those beside it. */
  readonly own: Recorder
  readonly others: readonly Recorder[]
  /** Requests that the callback has made. */
  readonly made: Recorder[]
}

function begin({ agent, origin, made }: Scene): void {
  made.push(dispatch(agent, { origin, path: '/small' }))
}

function abort(recorder: Recorder): void {
  recorder.controller?.abort(new Error('aborted here'))
}

const deeds: [string, (scene: Scene) => void][] = [
  ['destroys the agent', ({ agent }) => void agent.destroy()],
  ['closes the agent', ({ agent }) => void agent.close()],
  ['dispatches', begin],
  ['aborts all others', ({ others }) => others.forEach(abort)],
  [
    'aborts its own request, and dispatches',
    (scene) => {
      abort(scene.own)
      begin(scene)
    },
  ],
  [
    'destroys the agent, and dispatches',
    (scene) => {
      void scene.agent.destroy()
      begin(scene)
    },
  ],
  [
    'pauses all for a turn',
    ({ own, others }) => {
      for (const { controller } of [own, ...others]) {
        controller?.pause()
        setImmediate(() => controller?.resume())
      }
    },
  ],
]

/** `/echo` returns the body and much more; `/broken` breaks off within it. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => {})
  request.on('error', () => {})
  const body = await bodyOf(request).catch(() => Buffer.alloc(0))
  if (request.url === '/broken') response.setHeader('content-length', 1000)
  response.write(body)
  if (request.url === '/broken') response.write('x', () => response.destroy())
  else response.end(request.url === '/echo' ? Buffer.alloc(200_000, 'x') : 'small')
}

// undici's own Agent never ends some of them.
describe.runIf(agentKind === 'dodici').each(protocols)('over %s, a callback that', (protocol) => {
  it.each(deeds)('%s leaves each request to end once', async (_name, deed) => {
    const server = await useProtocol(protocol, answer)
    const { origin } = server
    for (const callback of requestCallbacks) {
      const agent = await useAgent()
      expect((await exchange(agent, { origin, path: '/small' })).text).toBe('small')
      const others: Recorder[] = []
      const made: Recorder[] = []
      let done = false
      const beside = (): Recorder => dispatch(agent, { origin, path: '/echo' })
      for (let n = 0; n < 5; n += 1) others.push(beside())
      const own = new Recorder({
        [callback]: (recorder: Recorder) => {
          if (done) return
          done = true
          deed({ agent, origin, own: recorder, others, made })
        },
      })
      const path = callback === 'onResponseError' ? '/broken' : '/echo'
      agent.dispatch({ origin, path, method: 'POST', body: 'some' }, own)
      for (let n = 0; n < 5 && !agent.closed && !agent.destroyed; n += 1) others.push(beside())
      const all = [own, ...others, ...made]
      await Promise.all(all.map((recorder) => recorder.done))
      await Promise.all(made.map((recorder) => recorder.done))
      await turns(3)
      expect(done).toBe(true)
      for (const recorder of [...all, ...made]) expect(recorder.terminalCalls).toBe(1)
      await agent.destroy()
    }
  })
})
