/** Why a connection ended, and what the `disconnect` event comes after. */
import { dispatch, exchange } from '../../support/recorder.ts'
import type { Hooks, RequestOptions } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import type { Peer } from '../../support/servers/raw.ts'
import type { TlsServer } from '../../support/servers/tls.ts'
import { quiet, until } from '../../support/wait.ts'
import { normalValue } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

interface Case {
  readonly agent?: AgentOptions
  readonly request?: RequestOptions
  readonly hooks?: Hooks
  readonly script?: (peer: Peer) => Promise<void>
}

const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

function disconnect(name: string, { agent, request, hooks = {}, script }: Case): Scenario {
  return {
    no: 70,
    name: `disconnect: ${name}`,
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.request()
        await (script ?? ((to) => Promise.resolve(to.send(answer))))(peer)
      })
      const dispatcher = await stage.agent({ connections: 1, ...agent })
      const events: Normal[] = []
      dispatcher.on('disconnect', (_origin, _targets, error) => {
        events.push({ disconnect: normalValue(error) })
      })
      const recorder = dispatch(
        dispatcher,
        { origin: server.origin, ...request },
        {
          ...hooks,
          onResponseEnd: () => events.push('end'),
          onResponseError: (_self, _controller, error) =>
            events.push({ error: normalValue(error) }),
        },
      )
      await recorder.done
      await until('disconnect', () => events.length === 2)
      return { events }
    },
  }
}

const headers = (line: string): string =>
  `HTTP/1.1 200 OK\r\n${line}\r\ncontent-length: 2\r\n\r\nok`

const sends =
  (text: string, then: (peer: Peer) => void = () => {}) =>
  async (peer: Peer): Promise<void> => {
    peer.send(text)
    await quiet(40)
    then(peer)
  }

/** Over HTTP/2, of a connection that is idle. */
function disconnect2(
  name: string,
  agent: AgentOptions,
  then: (server: TlsServer) => void = () => {},
): Scenario {
  return {
    no: 70,
    name: `disconnect over HTTP/2: ${name}`,
    play: async (stage) => {
      const server = await stage.tls({
        protocols: 'h2',
        onStream: (stream) => {
          stream.respond({ ':status': 200 })
          stream.end('ok')
        },
      })
      const dispatcher = await stage.agent({ connections: 1, ...agent })
      const events: Normal[] = []
      dispatcher.on('disconnect', (_origin, _targets, error) => events.push(normalValue(error)))
      const post = { origin: server.origin, method: 'POST', body: 'x' }
      const texts = [(await exchange(dispatcher, post)).text]
      await quiet(40)
      then(server)
      await until('disconnect', () => events.length === 1)
      texts.push((await exchange(dispatcher, post)).text)
      return { events, texts, accepted: server.accepted }
    },
  }
}

export const disconnectScenarios: readonly Scenario[] = [
  disconnect('connection: close', { script: sends(headers('connection: close')) }),
  disconnect('reset: true', { request: { reset: true } }),
  disconnect('maxRequestsPerClient', { agent: { maxRequestsPerClient: 1 } }),
  disconnect('a hint below the threshold', { script: sends(headers('keep-alive: timeout=1')) }),
  disconnect('keepAliveTimeout', { agent: { keepAliveTimeout: 50 } }),
  disconnect('FIN while idle', { script: sends(answer, (peer) => peer.fin()) }),
  disconnect('RST while idle', { script: sends(answer, (peer) => peer.reset()) }),
  disconnect('bytes while idle', { script: sends(answer, (peer) => peer.send(answer)) }),
  disconnect('FIN before the head', { script: (peer) => Promise.resolve(peer.fin()) }),
  disconnect('RST before the head', { script: (peer) => Promise.resolve(peer.reset()) }),
  disconnect('FIN within the body', {
    script: sends('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok', (peer) => peer.fin()),
  }),
  disconnect('the end of an endless body', {
    script: sends('HTTP/1.1 200 OK\r\n\r\nok', (peer) => peer.fin()),
  }),
  disconnect('garbage', { script: sends('garbage\r\n\r\n') }),
  disconnect('headersTimeout', {
    request: { headersTimeout: 100 },
    script: async (peer) => void (await peer.ended),
  }),
  disconnect('bodyTimeout', {
    request: { bodyTimeout: 100 },
    script: sends('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
  }),
  disconnect('maxHeaderSize', { agent: { maxHeaderSize: 5 } }),
  disconnect('maxResponseSize', { agent: { maxResponseSize: 1 } }),
  disconnect2('keepAliveTimeout', { keepAliveTimeout: 80 }),
  disconnect2('FIN', {}, (server) => {
    for (const socket of server.sockets) socket.end()
  }),
  disconnect('abort', {
    script: sends('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    hooks: { onResponseStart: (_self, controller) => controller.abort(new Error('stop')) },
  }),
]
