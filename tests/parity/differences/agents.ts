/** Differences of an Agent: how it uses its connections, what it reports about them, and Node's fetch over it. */
import { certificates } from '../../support/certificates.ts'
import { counting } from '../../support/connecting.ts'
import { using } from '../../support/libraries.ts'
import { dispatch, exchange, Recorder } from '../../support/recorder.ts'
import { quiet, until } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, libraryOf } from './support.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** Whether a second request is written to a connection whose first request was not answered yet. */
async function pipelined(stage: Stage): Promise<Normal> {
  const server = await stage.raw(() => {})
  const agent = await stage.agent({ connections: 1, pipelining: 2 })
  const { origin } = server
  const recorders = ['/a', '/b'].map((path) => dispatch(agent, { origin, path, blocking: false }))
  const peer = await server.peer(0)
  await until('the first is there', () => peer.log.includes('/a'))
  const isThere = await happens(() => peer.log.includes('/b'))
  peer.send(isThere ? ok + ok : ok)
  await until('the second is there', () => peer.log.includes('/b'))
  if (!isThere) peer.send(ok)
  for (const { done } of recorders) await done
  return isThere
}

async function typeOfService(stage: Stage): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const { connect, sockets } = counting()
  const agent = await stage.agent({ connect })
  await exchange(agent, { origin: server.origin, typeOfService: 16 })
  const [socket] = sockets as unknown as [{ getTypeOfService: () => number }]
  return socket.getTypeOfService()
}

/** The first bytes that a plain http origin gets. */
async function firstBytes(stage: Stage): Promise<Normal> {
  let bytes = ''
  const server = await stage.raw(async (peer) => {
    bytes = await peer.read(3)
    peer.reset()
  })
  const agent = await stage.agent({ allowH2: true, h2Options: { useH2c: true } })
  await exchange(agent, { origin: server.origin, method: 'POST' })
  return bytes
}

/** The version of HTTP that Node's own fetch speaks over the global dispatcher. */
async function globalFetch(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    onRequest: (request, response) => void response.end(request.httpVersion),
  })
  const { Agent, getGlobalDispatcher, setGlobalDispatcher } = await libraryOf(stage)
  const before = getGlobalDispatcher()
  setGlobalDispatcher(using(new Agent({ connect: { ca: certificates().ca } })))
  try {
    return await (await fetch(server.origin)).text()
  } finally {
    setGlobalDispatcher(before)
  }
}

/** How many connections two requests need that are further apart than `clientTtl`. */
async function afterTtl(stage: Stage): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const agent = await stage.agent({ connections: 1, clientTtl: 20 })
  await exchange(agent, { origin: server.origin })
  // It is the time itself that counts here.
  await quiet()
  await exchange(agent, { origin: server.origin })
  return server.accepted
}

async function namesOfStats(stage: Stage): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const agent = await stage.agent({ connections: 1 })
  await exchange(agent, { origin: server.origin })
  const { stats } = agent as unknown as { stats: Record<string, object> }
  return Object.keys(stats[server.origin] ?? {})
}

/** How many connections count as free while the only one serves a request over HTTP/2. */
async function freeWhileServing(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    protocols: 'h2',
    onStream: (stream, { ':path': path }) => {
      stream.respond({ ':status': 200 })
      if (path !== '/open') stream.end('ok')
    },
  })
  const agent = await stage.agent({ connections: 2 })
  await exchange(agent, { origin: server.origin })
  await dispatch(agent, { origin: server.origin, path: '/open' }).seen('onResponseStart')
  const { stats } = agent as unknown as { stats: Record<string, { free: number }> }
  return stats[server.origin]?.free ?? null
}

async function toldByDispatch(stage: Stage): Promise<Normal> {
  const { origin } = await stage.tls({
    onRequest: (_request, response) => void response.end('ok'),
  })
  const agent = await stage.agent()
  const told: boolean[] = []
  for (let n = 0; n < 2; n += 1) {
    const recorder = new Recorder()
    told.push(agent.dispatch({ origin, path: '/', method: 'GET' }, recorder))
    await recorder.done
  }
  return told
}

/** Whether `await using` works with an Agent, and whether an aborted signal destroys it. */
async function extras(stage: Stage): Promise<Normal> {
  const agent = await stage.agent({ signal: AbortSignal.abort() })
  return [Symbol.asyncDispose in agent, agent.destroyed]
}

export const agentDifferences: readonly Difference[] = [
  {
    row: '`pipelining` above 1 (0',
    name: '2, on a connection',
    play: pipelined,
    undici: true,
    dodici: false,
  },
  {
    row: '`typeOfService` of a request',
    name: 'as its socket has it',
    play: typeOfService,
    undici: 16,
    dodici: 0,
  },
  {
    row: '| extras |',
    name: 'of an Agent',
    play: extras,
    undici: [false, false],
    dodici: [true, true],
  },
  {
    row: '`h2Options.useH2c` of an Agent',
    name: 'the first bytes',
    play: firstBytes,
    undici: 'POS',
    dodici: 'PRI',
  },
  {
    row: "`setGlobalDispatcher` | Node's built-in",
    name: 'the version',
    play: globalFetch,
    undici: '1.1',
    dodici: '2.0',
  },
  {
    row: '`clientTtl` counts with `connections:',
    name: 'connections',
    play: afterTtl,
    undici: 1,
    dodici: 2,
  },
  {
    row: "`stats` has a Pool's",
    name: 'with one connection',
    play: namesOfStats,
    undici: ['connected', 'pending', 'running', 'size'],
    dodici: ['connected', 'free', 'pending', 'queued', 'running', 'size'],
  },
  {
    row: "`stats` has a Pool's",
    name: '`free` over HTTP/2',
    play: freeWhileServing,
    undici: 1,
    dodici: 0,
  },
  {
    row: '`dispatch()` returns false only',
    name: 'of a new https origin',
    play: toldByDispatch,
    undici: [false, true],
    dodici: [true, true],
  },
]
