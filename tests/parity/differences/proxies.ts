/** Differences with proxies: which one is used, what it gets, and how its answers are treated. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Dispatcher, ProxyAgent } from 'undici'
import { onTestFinished } from 'vitest'
import type { AgentOptions } from '../../support/agents.ts'
import { useFolder } from '../../support/fixtures.ts'
import { using } from '../../support/libraries.ts'
import { useEnvironment } from '../../support/proxying.ts'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { Peer, RawScript, RawServer } from '../../support/servers/raw.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, libraryOf, told } from './support.ts'

const answer = async (peer: Peer): Promise<void> => {
  for (;;) {
    await peer.head()
    peer.respond('proxy')
  }
}

interface Proxied {
  readonly agent: Dispatcher
  readonly proxy: RawServer
}

/** A ProxyAgent of the stage's library, and its proxy. */
async function proxied(
  stage: Stage,
  options: Partial<ProxyAgent.Options> = {},
  script: RawScript = answer,
): Promise<Proxied> {
  const { ProxyAgent: Class } = await libraryOf(stage)
  const proxy = await stage.raw(script)
  return { agent: using(new Class({ uri: proxy.origin, ...options })), proxy }
}

async function get(agent: Dispatcher, options: RequestOptions): Promise<string> {
  const { error, text } = await exchange(agent, options)
  return error ? told(error) : text
}

/** The address that a proxy is asked from. */
async function localAddress(stage: Stage): Promise<Normal> {
  const { agent, proxy } = await proxied(stage, {
    proxyTls: { localAddress: '127.0.0.3' } as never,
  })
  await get(agent, { origin: 'http://a.test' })
  return proxy.peers[0]?.socket.remoteAddress
}

/** Which server answers over an Agent with the option `proxy`. */
async function proxyOption(stage: Stage): Promise<Normal> {
  const { origin } = await stage.http1((_request, response) => void response.end('origin'))
  const proxy = (await stage.raw(answer)).origin
  return get(await stage.agent({ proxy } as AgentOptions), { origin })
}

/** Which server answers with `proxy` and `socketPath`, for an origin that uses the proxy and for one that does not. */
async function besideSocketPath(stage: Stage): Promise<Normal> {
  const socketPath = join(useFolder(), 'origin.sock')
  const server = createServer((_request, response) => void response.end('socket'))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve)
  })
  useEnvironment({ http_proxy: (await stage.raw(answer)).origin, no_proxy: 'direct.test' })
  const agent = await stage.agent({ proxy: 'env', socketPath } as AgentOptions)
  return [
    await get(agent, { origin: 'http://a.test' }),
    await get(agent, { origin: 'http://direct.test' }),
  ]
}

async function connectionErrors(stage: Stage): Promise<Normal> {
  const { ProxyAgent: Class } = await libraryOf(stage)
  const agent = using(new Class('http://127.0.0.1:1'))
  let count = 0
  agent.on('connectionError', () => (count += 1))
  return [await get(agent, { origin: 'http://a.test' }), count]
}

/** The result of a tunnel that the proxy opens with another status than 200. */
async function created(stage: Stage): Promise<Normal> {
  const { agent } = await proxied(stage, { proxyTunnel: true }, async (peer) => {
    await peer.head()
    peer.send('HTTP/1.1 201 Created\r\n\r\n')
    await answer(peer)
  })
  return get(agent, { origin: 'http://a.test' })
}

/** The result if a proxy that forwards requires credentials: the error, and whether the body comes too. */
async function unauthorized(stage: Stage): Promise<Normal> {
  const { agent } = await proxied(stage, {}, async (peer) => {
    await peer.head()
    peer.respond('who are you?', '', '407 Proxy Authentication Required')
  })
  const recorder = await exchange(agent, { origin: 'http://a.test' })
  return [told(recorder.error), await happens(() => recorder.text !== '')]
}

/** Whether a CONNECT that is not answered fails by `connectTimeout`. */
async function unansweredConnect(stage: Stage): Promise<Normal> {
  const options = { proxyTunnel: true, connectTimeout: 100 }
  const { agent } = await proxied(stage, options, () => {})
  const recorder = dispatch(agent, { origin: 'http://a.test' })
  return happens(() => recorder.error?.code === 'UND_ERR_CONNECT_TIMEOUT', 1500)
}

/** The head that asks a proxy for a tunnel. */
async function headOfConnect(stage: Stage): Promise<Normal> {
  const { agent, proxy } = await proxied(stage, { proxyTunnel: true }, async (peer) => {
    await peer.head()
    peer.fin()
  })
  await get(agent, { origin: 'http://a.test' })
  return proxy.peers[0]?.log.split('\r\n').slice(1, -2) ?? []
}

/** How many connections to the proxy two origins need, one after the other, and their `connect` events. */
async function sharedConnections(stage: Stage): Promise<Normal> {
  const { agent, proxy } = await proxied(stage)
  const events: string[] = []
  agent.on('connect', (origin) => events.push(origin.host))
  for (const host of ['a.test', 'b.test']) await get(agent, { origin: `http://${host}` })
  return [proxy.peers.length, events]
}

/** The user's headers in the order in which they arrive. */
async function headersInOrder(stage: Stage): Promise<Normal> {
  const { agent, proxy } = await proxied(stage, { headers: { 'x-proxy': '1' } })
  await get(agent, { origin: 'http://a.test', headers: { 'x-mine': '2' } })
  return proxy.peers[0]?.log.match(/^x-\w+/gm) ?? []
}

async function invalidSocksReply(stage: Stage): Promise<Normal> {
  const { Socks5ProxyAgent } = await libraryOf(stage)
  const { port } = await stage.raw(async (peer) => {
    await peer.read(3)
    peer.send('\x04\x00')
  })
  const agent = using(new Socks5ProxyAgent(`socks5://127.0.0.1:${port}`))
  return get(agent, { origin: 'http://a.test' })
}

export const proxyDifferences: readonly Difference[] = [
  {
    row: '`connect.localAddress`, also in `proxyTls`',
    name: 'of a ProxyAgent',
    play: localAddress,
    undici: '127.0.0.1',
    dodici: '127.0.0.3',
  },
  {
    row: 'proxies | agents of',
    name: 'the option of an Agent',
    play: proxyOption,
    undici: 'origin',
    dodici: 'proxy',
  },
  {
    row: '`socketPath` beside `proxy`',
    name: 'of an Agent',
    play: besideSocketPath,
    undici: ['socket', 'socket'],
    dodici: ['proxy', 'socket'],
  },
  {
    row: 'a 407 from a',
    name: 'its body',
    play: unauthorized,
    undici: ['InvalidArgumentError UND_ERR_INVALID_ARG', true],
    dodici: ['InvalidArgumentError UND_ERR_INVALID_ARG', false],
  },
  {
    row: '`connectionError` when a proxy',
    name: 'events',
    play: connectionErrors,
    undici: ['Error ECONNREFUSED', 0],
    dodici: ['Error ECONNREFUSED', 1],
  },
  {
    row: 'Proxies are spoken to',
    name: 'a tunnel by 201',
    play: created,
    undici: 'AbortError UND_ERR_ABORTED',
    dodici: 'proxy',
  },
  {
    row: 'Proxies are spoken to',
    name: 'a CONNECT that is not answered',
    play: unansweredConnect,
    undici: false,
    dodici: true,
  },
  {
    row: 'Proxies are spoken to',
    name: 'the head of a CONNECT',
    play: headOfConnect,
    undici: ['host: a.test', 'connection: close', 'proxy-connection: keep-alive'],
    dodici: ['Host: a.test:80', 'Proxy-Connection: Keep-Alive'],
  },
  {
    row: 'Origins that a proxy',
    name: 'connections',
    play: sharedConnections,
    undici: [2, []],
    dodici: [1, ['a.test']],
  },
  {
    row: 'Headers for the proxy',
    name: 'of a ProxyAgent',
    play: headersInOrder,
    undici: ['x-proxy', 'x-mine'],
    dodici: ['x-mine', 'x-proxy'],
  },
  {
    row: 'A SOCKS reply that',
    name: 'of another version',
    play: invalidSocksReply,
    undici: 'Socks5ProxyError UND_ERR_SOCKS5_VERSION',
    dodici: 'Socks5ProxyError UND_ERR_SOCKS5',
  },
]
