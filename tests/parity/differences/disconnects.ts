/** Differences of how connections end: the error of `disconnect`, and what ends an HTTP/2 connection. */
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import { FrameFlag, FrameType } from '../../support/servers/h2-frames.ts'
import type { H2FrameServer } from '../../support/servers/h2-frames.ts'
import { until } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, told } from './support.ts'

/** A server that answers every request over HTTP/2. */
function answering(stage: Stage): Promise<H2FrameServer> {
  return stage.h2Frames(async (peer) => {
    for (let n = 0; ; n += 1) {
      const stream = await peer.request(n)
      peer.respond(stream, FrameFlag.endStream)
    }
  })
}

/** Whether the error of `disconnect` is the same object as that of the request that failed with the connection. */
async function withRequest(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    await peer.head()
    peer.fin()
  })
  const agent = await stage.agent()
  const errors: Error[] = []
  agent.on('disconnect', (_origin, _targets, error) => errors.push(error))
  const { error } = await exchange(agent, { origin: server.origin })
  await until('disconnect', () => errors.length > 0)
  return [told(errors[0]), errors[0] === error]
}

/** The error of `disconnect` for an idle connection whose server breaks HTTP/2's rules. */
async function brokenWhileIdle(stage: Stage): Promise<Normal> {
  const server = await answering(stage)
  const agent = await stage.agent()
  const errors: Error[] = []
  agent.on('disconnect', (_origin, _targets, error) => errors.push(error))
  await exchange(agent, { origin: server.origin })
  server.peers[0]?.send(FrameType.settings, 0, 0, Buffer.alloc(5))
  await until('disconnect', () => errors.length > 0)
  return told(errors[0])
}

/** Whether an HTTP/2 connection ends after a request that asks for it. */
async function endsBehind(stage: Stage, options: RequestOptions): Promise<Normal> {
  const server = await answering(stage)
  const agent = await stage.agent()
  let count = 0
  agent.on('disconnect', () => (count += 1))
  await dispatch(agent, { origin: server.origin, ...options }).done
  return happens(() => count > 0)
}

const row = 'The error of `disconnect`'
const asking: readonly [name: string, options: RequestOptions][] = [
  ['reset: true', { reset: true }],
  ['connection: close', { headers: { connection: 'close' } }],
]

export const disconnectDifferences: readonly Difference[] = [
  {
    row,
    name: 'over HTTP/1.1',
    play: withRequest,
    undici: ['SocketError UND_ERR_SOCKET', true],
    dodici: ['SocketError UND_ERR_SOCKET', false],
  },
  {
    row,
    name: 'of an idle connection over HTTP/2',
    play: brokenWhileIdle,
    undici: 'Error ERR_HTTP2_ERROR',
    dodici: 'InformationalError UND_ERR_INFO',
  },
  ...asking.map(([name, options]): Difference => ({
    row: 'Over HTTP/2 a connection ends behind',
    name,
    play: (stage) => endsBehind(stage, options),
    undici: false,
    dodici: true,
  })),
]
