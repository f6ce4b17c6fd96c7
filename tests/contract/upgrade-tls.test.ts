/** How TLS ends below an upgraded socket, and which bytes of a response it may hold back. */
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import type { TestAgent } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useAgent } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import { useProxy } from '../support/proxying.ts'
import { listen } from '../support/servers/listen.ts'
import { Relay } from '../support/servers/relay.ts'
import { until, within } from '../support/wait.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

interface Upgraded {
  readonly socket: TLSSocket
  /** Below TLS. */
  readonly transport: Socket
}

/** Speaks TLS 1.2, where an alert shows on the wire. */
async function useServer(onUpgrade: (upgraded: Upgraded) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const transports = new Map<number | undefined, Socket>()
  const server = createTlsServer({ ...certificates().good, maxVersion: 'TLSv1.2' })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    transports.set(socket.remotePort, socket)
  })
  server.on('upgrade', (_request: IncomingMessage, duplex: Duplex) => {
    const socket = duplex as TLSSocket
    socket.on('error', () => {})
    const transport = transports.get(socket.remotePort)
    if (transport !== undefined) onUpgrade({ socket, transport })
  })
  const { port, close } = await listen(server, sockets)
  onTestFinished(close)
  return port
}

/** A relay to `to` that records what the client sends until it ends. */
async function useTap(to: number): Promise<{ port: number; sent: Promise<Buffer> }> {
  const sockets = new Set<Socket>()
  const sent = Promise.withResolvers<Buffer>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    const chunks: Buffer[] = []
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}))
    near.on('data', (chunk: Buffer) => chunks.push(chunk))
    near.on('end', () => sent.resolve(Buffer.concat(chunks)))
    near.pipe(far).pipe(near)
  })
  const { port, close } = await listen(server, sockets)
  onTestFinished(close)
  return { port, sent: sent.promise }
}

/** The types of the TLS records in `bytes`. */
function recordTypes(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    types.push(bytes.readUInt8(at))
  }
  return types
}

/** Each in its own record; what is written at once would share one. */
async function writeRecords(socket: TLSSocket, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await new Promise((resolve) => {
      socket.write(text, resolve)
    })
  }
}

async function upgrade(agent: TestAgent, port: number): Promise<Duplex> {
  const options = { origin: `https://127.0.0.1:${port}`, path: '/', protocol: 'echo' }
  return (await within('the switch', agent.upgrade(options))).socket
}

const alert = 21

describe('end() of an upgraded socket over TLS', () => {
  it.each<[string, () => Promise<object>]>([
    ['directly', () => Promise.resolve({})],
    ['through an HTTP proxy', async () => ({ proxy: (await useProxy()).uri })],
  ])('%s ends with close_notify, and the other way stays open', async (name, options) => {
    if (agentKind === 'undici' && name !== 'directly') return
    const port = await useServer(({ socket }) => {
      socket.write(switching)
      let received = ''
      socket.on('data', (chunk: Buffer) => (received += String(chunk)))
      socket.on('end', () => socket.end(`${received} and good night`))
    })
    const tap = await useTap(port)
    const socket = await upgrade(await useAgent(await options()), tap.port)
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += String(chunk)))
    const ended = once(socket, 'end')
    socket.end('bye')
    await within('the end', ended)
    expect(received).toBe('bye and good night')
    expect(recordTypes(await within('the end of the wire', tap.sent)).at(-1)).toBe(alert)
  })

  it.runIf(agentKind === 'dodici')("is close_notify within an HTTPS proxy's TLS too", async () => {
    const tap = await useTap(await useServer(({ socket }) => void socket.write(switching)))
    const { uri } = await useProxy({ tls: certificates().good })
    const proxy = { uri, proxyTls: { ca: certificates().ca } }
    const options = { proxy } as Parameters<typeof useAgent>[0]
    const socket = await upgrade(await useAgent(options), tap.port)
    // Such a proxy ends both ways.
    socket.on('error', () => {}).end('bye')
    const types = recordTypes(await within('the end of the wire', tap.sent))
    expect(types.at(-1)).toBe(alert)
  })

  it('survives a peer that has reset the connection', async () => {
    const peer = Promise.withResolvers<Upgraded>()
    const port = await useServer((upgraded) => {
      upgraded.socket.write(switching)
      peer.resolve(upgraded)
    })
    const socket = await upgrade(await useAgent(), port)
    const { socket: sender, transport } = await peer.promise
    // More than the buffers on the way, so that nobody reads when the reset comes.
    const chunk = Buffer.alloc(64 * 1024)
    let stalls = 0
    await until('the peer is held up', () => {
      stalls = sender.write(chunk) ? 0 : stalls + 1
      return stalls === 20
    })
    const gone = once(transport, 'close')
    transport.resetAndDestroy()
    await within('the reset', gone)
    const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
    socket.end()
    socket.resume()
    await within('the end of the upgraded socket', closed)
  })
})

describe('TLS records that come all at once', () => {
  /** A relay that a test can pause, to a server that gives its end away before the switch. */
  async function useWire(): Promise<{ relay: Relay; peer: Promise<TLSSocket> }> {
    const peer = Promise.withResolvers<TLSSocket>()
    const relay = await Relay.start(await useServer(({ socket }) => peer.resolve(socket)))
    onTestFinished(() => relay.close())
    return { relay, peer: peer.promise }
  }

  it('are read when they are a head', async () => {
    const { relay, peer } = await useWire()
    const agent = await useAgent()
    const switched = upgrade(agent, relay.port)
    const sender = await peer
    relay.goDark()
    const head = Array.from({ length: 40 }, (_, i) => `x-line-${i}: ${i}\r\n`)
    await writeRecords(sender, [switching.slice(0, -2), ...head, '\r\n'])
    relay.heal()
    ;(await switched).destroy()
  })

  it('are read when they are a refusal that comes in small chunks', async () => {
    const { relay, peer } = await useWire()
    const agent = await useAgent()
    const recorder = exchange(agent, {
      origin: `https://127.0.0.1:${relay.port}`,
      upgrade: 'echo',
    })
    const sender = await peer
    await writeRecords(sender, ['HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n'])
    relay.goDark()
    const header = `1;x=${'y'.repeat(40)}\r\n`.split('')
    await writeRecords(sender, [...header, 'z\r\n', ...header, 'z\r\n0\r\n\r\n'])
    relay.heal()
    expect((await recorder).text).toBe('zz')
  })

  it('are read up to the end of the connection', async () => {
    const { relay, peer } = await useWire()
    const switched = upgrade(await useAgent(), relay.port)
    const sender = await peer
    sender.write(switching)
    const socket = await switched
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += String(chunk)))
    const ended = once(socket, 'end')
    relay.goDark()
    const words = Array.from({ length: 100 }, (_, i) => `${i} `)
    await writeRecords(sender, words)
    sender.end(() => relay.heal())
    await within('the end', ended)
    expect(received).toBe(words.join(''))
  })
})
