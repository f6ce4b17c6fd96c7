/** Upgrades, CONNECT, and their sockets. */
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'undici'
import { WebSocketServer } from 'ws'
import type { TestAgent } from '../../support/agents.ts'
import { certificates } from '../../support/certificates.ts'
import { dispatch } from '../../support/recorder.ts'
import type { Recorder, RequestOptions } from '../../support/recorder.ts'
import { listen } from '../../support/servers/listen.ts'
import { until, within } from '../../support/wait.ts'
import { maskPorts, seen } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Outcome, Scenario, Stage } from '../scenario.ts'

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Name: \xe9\r\n\r\n'

const upgrading: RequestOptions = { upgrade: 'echo' }
const connecting: RequestOptions = { method: 'CONNECT', path: 'a.test:80' }

/** The arguments of onRequestUpgrade, without the socket. */
function switched(recorder: Recorder): Normal {
  const { args } = recorder.call('onRequestUpgrade') ?? { args: [] }
  const raw = recorder.controller?.rawHeaders as Buffer[] | null | undefined
  return {
    count: args.length,
    status: args[1] as number,
    headers: args[2] as Record<string, string>,
    raw: raw?.map((bytes) => Buffer.from(bytes).toString('latin1')),
  }
}

function socketOf(recorder: Recorder): Duplex {
  return recorder.call('onRequestUpgrade')?.args[3] as Duplex
}

async function opened(
  agent: TestAgent,
  origin: string,
  options: RequestOptions,
): Promise<{ recorder: Recorder; socket: Duplex }> {
  const recorder = dispatch(agent, { origin, ...options })
  await recorder.done
  return { recorder, socket: socketOf(recorder) }
}

/** The request that the server got, and the switch. */
async function head(stage: Stage, options: RequestOptions, answer: string): Promise<Outcome> {
  const server = await stage.answering(answer)
  const agent = await stage.agent()
  const { recorder, socket } = await opened(agent, server.origin, options)
  const outcome = {
    log: maskPorts(server.peers[0]?.log ?? ''),
    call: switched(recorder),
    names: recorder.names.filter((name) => name !== 'onRequestSent' && name !== 'onBodySent'),
  }
  socket.destroy()
  return outcome
}

/** An echo server's upgraded socket. */
async function useEcho(stage: Stage): Promise<{ agent: TestAgent; origin: string }> {
  const server = await stage.raw(async (peer) => {
    await peer.head()
    peer.send(switching)
    peer.socket.pipe(peer.socket)
  })
  return { agent: await stage.agent(), origin: server.origin }
}

async function refused(stage: Stage, options: RequestOptions): Promise<Outcome> {
  const server = await stage.answering(
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\n\r\nhello',
  )
  const recorder = dispatch(await stage.agent(), { origin: server.origin, ...options })
  await recorder.done
  return seen(recorder)
}

async function lifetime(
  stage: Stage,
  end: (agent: TestAgent) => Promise<unknown>,
): Promise<Normal> {
  const { agent, origin } = await useEcho(stage)
  const { recorder, socket } = await opened(agent, origin, upgrading)
  await within('the end', end(agent))
  recorder.controller?.abort(new Error('late'))
  const echoed = new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
  })
  socket.write('still here')
  const said = await within('the echo', echoed)
  socket.destroy()
  return { said, calls: recorder.terminalCalls }
}

async function events(stage: Stage): Promise<Normal> {
  const { agent, origin } = await useEcho(stage)
  const seenEvents: Normal[] = []
  agent.on('connect', (url) => seenEvents.push(maskPorts(`connect ${url.origin}`)))
  agent.on('disconnect', (url) => seenEvents.push(maskPorts(`disconnect ${url.origin}`)))
  const { socket } = await opened(agent, origin, upgrading)
  await until('both', () => seenEvents.length === 2)
  socket.destroy()
  return seenEvents
}

async function tlsThroughConnect(stage: Stage): Promise<Normal> {
  const secure = createTlsServer({ ...certificates().good }, (socket) => {
    socket.on('error', () => {})
    socket.end('secret')
  })
  const { port, close } = await listen(secure, new Set())
  try {
    const proxy = await stage.http1(() => {})
    proxy.server.on('connect', async (_request, socket: Duplex) => {
      const { connect } = await import('node:net')
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const end of [socket, onward]) end.on('error', () => {})
    })
    const { socket } = await opened(await stage.agent(), proxy.origin, connecting)
    const tls = connectTls({ socket, servername: 'localhost', ca: certificates().ca })
    const said = await text(tls)
    socket.destroy()
    return said
  } finally {
    await close()
  }
}

async function webSocket(stage: Stage, protocols: 'plain' | 'h1' | 'both'): Promise<Normal> {
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => {
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
  })
  const server =
    protocols === 'plain' ? await stage.http1(() => {}) : await stage.tls({ protocols })
  server.server.on('upgrade', (request, socket, rest) => {
    sockets.handleUpgrade(request, socket as never, rest as never, (peer) => {
      sockets.emit('connection', peer, request)
    })
  })
  const dispatcher = await stage.agent()
  const socket = new WebSocket(server.origin.replace(/^http/, 'ws'), { dispatcher })
  socket.binaryType = 'arraybuffer'
  const log: Normal[] = []
  const closed = new Promise<void>((resolve) => {
    socket.addEventListener('error', () => log.push('error'))
    socket.addEventListener('open', () => socket.send('x'.repeat(1024 * 1024)))
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') {
        log.push(`text of ${data.length}`)
        socket.send(new Uint8Array([1, 2, 3]))
      } else {
        log.push(`bytes ${[...new Uint8Array(data as ArrayBuffer)].join(' ')}`)
        socket.close(4000, 'enough')
      }
    })
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      log.push({ code, reason, wasClean })
      resolve()
    })
  })
  await within('the close', closed)
  return log
}

const refusal =
  'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\nProxy-Authenticate: Basic\r\n\r\nnope'

export const upgradeScenarios: readonly Scenario[] = [
  { no: 57, name: 'the head of an upgrade', play: (stage) => head(stage, upgrading, switching) },
  {
    no: 57,
    name: 'the head of an upgrade with headers and a body',
    play: (stage) =>
      head(
        stage,
        { ...upgrading, method: 'POST', headers: { 'X-One': '1' }, body: 'body' },
        switching,
      ),
  },
  {
    no: 57,
    name: 'the head of a CONNECT',
    play: (stage) => head(stage, connecting, 'HTTP/1.1 200 OK\r\n\r\n'),
  },
  {
    no: 72,
    name: 'bytes behind the 101, an echo, and the end',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.head()
        peer.send(`${switching}early `)
        peer.send(await peer.read(5))
        peer.fin()
      })
      const { socket } = await opened(await stage.agent(), server.origin, upgrading)
      socket.write('hello')
      return { text: await text(socket), destroyed: socket.destroyed }
    },
  },
  {
    no: 72,
    name: 'end() of an upgraded socket reaches the peer, whose answer arrives',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.head()
        peer.send(switching)
        const how = await peer.ended
        peer.send(`it was ${how}`)
        peer.fin()
      })
      const { socket } = await opened(await stage.agent(), server.origin, upgrading)
      socket.end('bye')
      return text(socket)
    },
  },
  {
    no: 72,
    name: 'destroy(error) of an upgraded socket: error, then close',
    play: async (stage) => {
      const { agent, origin } = await useEcho(stage)
      const { socket } = await opened(agent, origin, upgrading)
      const log: Normal[] = []
      const closed = new Promise<void>((resolve) => {
        socket.on('error', (error) => log.push(error.message))
        socket.on('close', () => {
          log.push('close')
          resolve()
        })
      })
      socket.destroy(new Error('enough'))
      await within('close', closed)
      return log
    },
  },
  {
    no: 72,
    name: 'properties of an upgraded socket, and its timeout',
    play: async (stage) => {
      const { agent, origin } = await useEcho(stage)
      const { socket } = await opened(agent, origin, upgrading)
      const state = (): Normal => {
        const { readyState, connecting, pending, timeout } = socket as Socket
        return { readyState, connecting, pending, timeout }
      }
      const log = [state()]
      const idle = new Promise<void>((resolve) => {
        ;(socket as Socket).setTimeout(20, resolve)
      })
      await within('the timeout', idle)
      log.push(state())
      socket.destroy()
      log.push(state())
      return log
    },
  },
  {
    no: 72,
    name: 'destroySoon() of an upgraded socket sends earlier writes',
    play: async (stage) => {
      const received: string[] = []
      const server = await stage.raw(async (peer) => {
        await peer.head()
        peer.send(switching)
        received.push(await peer.read(70_000))
        received.push(await peer.ended)
      })
      const { socket } = await opened(await stage.agent(), server.origin, upgrading)
      socket.write('x'.repeat(70_000))
      ;(socket as Socket).destroySoon()
      await within('its close', new Promise((resolve) => void socket.on('close', resolve)))
      await until('the end', () => received.length === 2)
      return received
    },
  },
  {
    no: 72,
    name: 'a peer that resets the upgraded connection',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.head()
        peer.send(switching)
        await peer.read(1)
        peer.reset()
      })
      const { socket } = await opened(await stage.agent(), server.origin, upgrading)
      const failed = new Promise<string | undefined>((resolve) => {
        socket.on('error', (error: Error & { code?: string }) => resolve(error.code))
      })
      socket.resume().write('x')
      return (await within('the error', failed)) ?? 'no code'
    },
  },
  {
    no: 73,
    name: 'an upgrade that is answered with 200',
    play: (stage) => refused(stage, upgrading),
  },
  {
    no: 73,
    name: 'upgrade() that is answered with 200',
    play: async (stage) => {
      const server = await stage.answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      const agent = await stage.agent()
      const options = { origin: server.origin, path: '/', protocol: 'echo' }
      return agent.upgrade(options).then(
        () => 'switched',
        ({ name, code, message }: Error & { code: string }) => ({ name, code, message }),
      )
    },
  },
  { no: 74, name: 'CONNECT refused with 407', play: (stage) => head(stage, connecting, refusal) },
  {
    no: 74,
    name: 'the body of a CONNECT refused with 407 comes out of the socket',
    play: async (stage) => {
      const server = await stage.answering(refusal, (peer) => peer.fin())
      const { socket } = await opened(await stage.agent(), server.origin, connecting)
      return text(socket)
    },
  },
  { no: 74, name: 'TLS over the socket of a CONNECT', play: tlsThroughConnect },
  { no: 75, name: 'WebSocket over ws:', play: (stage) => webSocket(stage, 'plain') },
  { no: 75, name: 'WebSocket over wss:', play: (stage) => webSocket(stage, 'h1') },
  {
    no: 75,
    name: 'WebSocket over wss: to a server that has HTTP/2 too',
    play: (stage) => webSocket(stage, 'both'),
  },
  {
    no: 64,
    name: 'close() does not wait for an upgraded socket, nor end it',
    play: (stage) => lifetime(stage, (agent) => agent.close()),
  },
  {
    no: 66,
    name: 'destroy() leaves an upgraded socket open',
    play: (stage) => lifetime(stage, (agent) => agent.destroy()),
  },
  { no: 70, name: 'events of a connection that is upgraded', play: events },
]
