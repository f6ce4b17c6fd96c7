/** Differences of proxy agents, factories, mocks and events. */
import type { Dispatcher } from 'undici'
import { certificates } from '../../support/certificates.ts'
import { using } from '../../support/libraries.ts'
import { get, useOrigins, useProgram, useProxy } from '../../support/proxying.ts'
import { dispatch, exchange, Recorder } from '../../support/recorder.ts'
import { startMicrosocks } from '../../support/servers/proxies.ts'
import { stubs } from '../../support/stub-dispatchers.ts'
import { quiet, until } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { libraryOf, told } from './support.ts'

/** How many `connect` events a dispatcher emits while it sends a request. */
async function connections(dispatcher: Dispatcher, told: Dispatcher = dispatcher): Promise<number> {
  const [plain] = await useOrigins()
  let count = 0
  told.on('connect', () => (count += 1))
  await get(dispatcher, `${plain?.origin}/`)
  await dispatcher.close()
  return count
}

async function destroyedProxyAgent(stage: Stage): Promise<Normal> {
  const { ProxyAgent } = await libraryOf(stage)
  let isThere = false
  const proxy = await stage.raw(async (peer) => {
    await peer.head()
    isThere = true
    await peer.ended
  })
  const agent = using(new ProxyAgent(proxy.origin))
  const sent = dispatch(agent, { origin: 'http://a.test', path: '/' })
  await until('it is at the proxy', () => isThere)
  await agent.destroy(new Error('mine'))
  return (await sent.done).error?.message
}

async function protocolThroughSocks(stage: Stage): Promise<Normal> {
  const { Socks5ProxyAgent } = await libraryOf(stage)
  const server = await stage.tls({
    onStream: (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('{"url":"h2"}')
    },
    onRequest: (_request, response) => void response.end('{"url":"h1"}'),
  })
  const uri = `socks5://127.0.0.1:${await useProgram(startMicrosocks())}`
  const agent = new Socks5ProxyAgent(uri, { requestTls: { ca: certificates().ca } })
  return (await get(using(agent), `${server.origin}/`)).url
}

/** What comes through a proxy that takes more than half of `connectTimeout` for each of two steps. */
async function slowSocks(stage: Stage): Promise<Normal> {
  const { Socks5ProxyAgent } = await libraryOf(stage)
  const connectTimeout = 1500
  const { port } = await stage.raw(async (peer) => {
    await peer.read(3)
    await quiet(0.6 * connectTimeout)
    peer.send('\x05\x00')
    await peer.read(5)
    await quiet(0.6 * connectTimeout)
    peer.send('\x05\x00\x00\x01\0\0\0\0\0\0')
    await peer.head()
    peer.respond('ok')
  })
  const agent = using(new Socks5ProxyAgent(`socks5://127.0.0.1:${port}`, { connectTimeout }))
  const { error, text } = await exchange(agent, { origin: 'http://a.test' })
  return error ? told(error) : text
}

async function targets(stage: Stage): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const agent = await stage.agent({ connections: 2 })
  let count = 0
  agent.on('connect', (_origin, all) => (count = all.length))
  await exchange(agent, { origin: server.origin })
  return count
}

async function givenToFactory(stage: Stage): Promise<Normal> {
  const { Pool } = await libraryOf(stage)
  const { given, factory } = stubs()
  using(new Pool('http://a.test', { factory })).dispatch(
    { path: '/', method: 'GET' },
    new Recorder(),
  )
  return typeof (given[0] as { connect: unknown }).connect
}

const proxyAgents = '`ProxyAgent` and `EnvHttpProxyAgent`'

export const dispatcherDifferences: readonly Difference[] = [
  {
    row: proxyAgents,
    name: "ProxyAgent's events",
    play: async (stage) => {
      const { ProxyAgent } = await libraryOf(stage)
      return connections(new ProxyAgent((await useProxy()).uri))
    },
    undici: 0,
    dodici: 1,
  },
  {
    row: proxyAgents,
    name: "EnvHttpProxyAgent's events",
    play: async (stage) => {
      const { EnvHttpProxyAgent } = await libraryOf(stage)
      const httpProxy = (await useProxy()).uri
      return connections(new EnvHttpProxyAgent({ httpProxy, noProxy: '' }))
    },
    undici: 0,
    dodici: 1,
  },
  {
    row: proxyAgents,
    name: 'the error of destroy()',
    play: destroyedProxyAgent,
    undici: 'The client is destroyed',
    dodici: 'mine',
  },
  {
    row: '`Socks5ProxyAgent` | no HTTP/2;',
    name: 'the protocol',
    play: protocolThroughSocks,
    undici: 'h1',
    dodici: 'h2',
  },
  {
    row: '`Socks5ProxyAgent` | no HTTP/2;',
    name: 'the time that its steps take',
    play: slowSocks,
    undici: 'ok',
    dodici: 'ConnectTimeoutError UND_ERR_CONNECT_TIMEOUT',
  },
  { row: 'Pools and Clients among', name: 'targets', play: targets, undici: 3, dodici: 1 },
  {
    row: '`factory` of an Agent',
    name: "a Pool's connect",
    play: givenToFactory,
    undici: 'function',
    dodici: 'object',
  },
  {
    row: '`MockAgent` and `SnapshotAgent`',
    name: 'whose connections',
    play: async (stage) => {
      const { Agent, MockAgent } = await libraryOf(stage)
      const agent = new Agent()
      return connections(new MockAgent({ agent }), agent)
    },
    undici: 0,
    dodici: 1,
  },
]
