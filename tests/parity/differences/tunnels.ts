/** Differences of upgrades, CONNECTs and their sockets, and of a handler's AsyncLocalStorage context. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Agent as Agent7 } from 'undici7'
import { counting } from '../../support/connecting.ts'
import { dispatch, exchange } from '../../support/recorder.ts'
import { until, within } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens } from './support.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

/** What ends a dispatch: the status of a switch and what the socket gets, or the error's name. */
function outcome(agent: Dispatcher, origin: string, opts: object): Promise<Normal> {
  const { promise, resolve } = Promise.withResolvers<Normal>()
  const all = { origin, path: '/', method: 'GET', ...opts } as Dispatcher.DispatchOptions
  agent.dispatch(all, {
    onRequestStart: () => {},
    onResponseStart: () => {},
    onResponseData: () => {},
    onResponseEnd: () => resolve('end'),
    onResponseError: (_controller, error) => resolve(error.name),
    onRequestUpgrade: (_controller, status, _headers, socket) => {
      socket.on('error', () => {})
      socket.once('data', (bytes: Buffer) => resolve([status, String(bytes)]))
    },
  })
  return within('an end', promise)
}

async function earlySwitch(stage: Stage): Promise<Normal> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = await stage.raw(async (peer) => {
    await peer.readUntil('one')
    peer.send(switching)
    await until('all', () => peer.log.includes('two') && peer.log.includes('user'))
    resolve(peer.log.indexOf('two') < peer.log.indexOf('user'))
  })
  const written = Promise.withResolvers<void>()
  const body = (async function* () {
    yield 'one'
    await written.promise
    yield 'two'
  })()
  const agent = await stage.agent()
  const opts = { origin: server.origin, path: '/', method: 'POST', upgrade: 'echo', body }
  agent.dispatch(opts as never, {
    onRequestStart: () => {},
    onResponseStart: () => {},
    onResponseData: () => {},
    onResponseEnd: () => {},
    onResponseError: () => {},
    onRequestUpgrade: (_controller, _status, _headers, socket) => {
      socket.on('error', () => {})
      socket.write('user', () => written.resolve())
      setImmediate(() => written.resolve())
    },
  })
  return within('the bytes', promise)
}

/** CONNECT on a socket of a `connect` function that always speaks HTTP/2. */
async function connectOverHttp2(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    protocols: 'h2',
    onStream: (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('bytes')
    },
  })
  const { connect } = counting({ ALPNProtocols: ['h2'] })
  const connecting = { method: 'CONNECT', path: 'a.test:80' }
  return outcome(await stage.agent({ connect }), server.origin, connecting)
}

/** How many connections an upgrade and the request before it use if one is allowed. */
async function connectionsOfUpgrade(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    for (;;) {
      const head = await peer.head()
      if (head.includes('upgrade: echo')) peer.send(`${switching}bytes`)
      else peer.respond('ok')
    }
  })
  const agent = await stage.agent({ connections: 1 })
  await exchange(agent, { origin: server.origin })
  const [status] = (await outcome(agent, server.origin, { upgrade: 'echo' })) as [number, string]
  return [status, server.peers.length]
}

/** The version of HTTP of a WebSocket's handshake with a server that accepts both. */
async function versionOfWebSocket(stage: Stage): Promise<Normal> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { origin, server } = await stage.tls({
    server: { settings: { enableConnectProtocol: true } },
    onStream: (stream) => {
      resolve('2')
      stream.respond({ ':status': 200 })
    },
  })
  server.on('upgrade', (_request, socket: Duplex) => {
    resolve('1.1')
    socket.destroy()
  })
  dispatch(await stage.agent(), { origin, upgrade: 'websocket' })
  return within('the handshake', promise)
}

async function isNetSocket(stage: Stage): Promise<Normal> {
  const server = await stage.answering(switching)
  const options = { origin: server.origin, upgrade: 'echo' }
  const recorder = await exchange(await stage.agent(), options)
  const socket = recorder.call('onRequestUpgrade')?.args[3] as Duplex
  socket.on('error', () => {}).destroy()
  return socket instanceof Socket
}

/** The error that a socket ends with when the source of the request's body fails behind the switch. */
async function failingSource(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    await peer.readUntil('one')
    peer.send(switching)
  })
  const failing = Promise.withResolvers<never>()
  const body = (async function* (): AsyncGenerator<string> {
    yield 'one'
    await failing.promise
  })() as never
  const options = { origin: server.origin, method: 'POST', upgrade: 'echo', body }
  const recorder = await exchange(await stage.agent(), options)
  const socket = recorder.call('onRequestUpgrade')?.args[3] as Duplex
  let told = 'none'
  socket.on('error', ({ message }) => (told = message)).resume()
  failing.reject(new Error('no more'))
  await happens(() => told !== 'none')
  return told
}

async function unnamedProtocol(stage: Stage): Promise<Normal> {
  const server = await stage.answering('HTTP/1.1 101 Go\r\n\r\n')
  return outcome(await stage.agent(), server.origin, { upgrade: 'echo' })
}

async function earlyHints(stage: Stage): Promise<Normal> {
  const server = await stage.answering(
    'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbytes',
  )
  const [status] = (await outcome(await stage.agent(), server.origin, {
    method: 'CONNECT',
    path: 'a.test:80',
  })) as [number, string]
  return status
}

async function legacyAbort(stage: Stage): Promise<Normal> {
  const server = await stage.answering(switching)
  const agent = stage.kind === 'undici' ? new Agent7() : await stage.agent()
  const { promise, resolve } = Promise.withResolvers<Duplex>()
  let abort = (): void => {}
  const handler = {
    onConnect: (toAbort: () => void) => void (abort = toAbort),
    onUpgrade: (_status: number, _headers: Buffer[], socket: Duplex) => resolve(socket),
    onError: () => {},
  }
  agent.dispatch({ origin: server.origin, path: '/', method: 'GET', upgrade: 'echo' }, handler)
  const socket = await within('the switch', promise)
  abort()
  const { destroyed } = socket
  socket.on('error', () => {}).destroy()
  return destroyed
}

async function secondContext(stage: Stage): Promise<Normal> {
  const storage = new AsyncLocalStorage<string>()
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const agent = await stage.agent({ connections: 1 })
  const ask = (name: string): Promise<string | undefined> =>
    storage.run(name, () => {
      const { promise, resolve } = Promise.withResolvers<string | undefined>()
      agent.dispatch(
        { origin: server.origin, path: '/', method: 'GET' },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: () => {},
          onResponseEnd: () => resolve(storage.getStore()),
          onResponseError: () => resolve('error'),
        },
      )
      return within('the end', promise)
    })
  await ask('first')
  // After the end of the response, where undici may call it from the next dispatch.
  await new Promise((resolve) => setTimeout(resolve, 20))
  return (await ask('second')) ?? null
}

export const tunnelDifferences: readonly Difference[] = [
  {
    row: 'an upgrade or CONNECT on a socket',
    name: 'CONNECT',
    play: connectOverHttp2,
    undici: [200, 'bytes'],
    dodici: 'NotSupportedError',
  },
  {
    row: "a switch before the request's body",
    name: 'the body first',
    play: earlySwitch,
    undici: false,
    dodici: true,
  },
  {
    row: "a switch before the request's body",
    name: 'a source that fails',
    play: failingSource,
    undici: 'none',
    dodici: 'no more',
  },
  {
    row: '`upgrade` and CONNECT',
    name: 'connections',
    play: connectionsOfUpgrade,
    undici: [101, 1],
    dodici: [101, 2],
  },
  {
    row: '`upgrade` and CONNECT',
    name: 'a WebSocket',
    play: versionOfWebSocket,
    undici: '2',
    dodici: '1.1',
  },
  {
    row: 'an upgraded socket',
    name: 'is a net.Socket',
    play: isNetSocket,
    undici: true,
    dodici: false,
  },
  {
    row: 'a 101 that names no protocol',
    name: 'its error',
    play: unnamedProtocol,
    undici: 'AssertionError',
    dodici: 'SocketError',
  },
  {
    row: 'an informational head before the answer to CONNECT',
    name: 'the status',
    play: earlyHints,
    undici: 103,
    dodici: 200,
  },
  {
    row: 'a legacy handler that aborts after',
    name: 'whether the socket is destroyed',
    play: legacyAbort,
    undici: false,
    dodici: true,
  },
  {
    row: 'A handler is called in the AsyncLocalStorage',
    name: 'the store of a second request on a connection',
    play: secondContext,
    undici: 'first',
    dodici: 'second',
  },
]
