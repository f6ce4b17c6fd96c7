/**
 * A server that speaks bytes: each connection runs one async script, written in the order of what happens on the wire.
 *
 *     const server = await startRaw(async (peer) => {
 *       await peer.head()
 *       peer.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhel')
 *       peer.reset()
 *     })
 */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { certificates } from '../certificates.ts'
import { within } from '../wait.ts'
import { listen } from './listen.ts'
import { Seam } from './seam.ts'

export type RawScript = (peer: Peer) => void | Promise<void>

/** One connection, seen from the server. */
export class Peer {
  readonly socket: Socket
  /** The TCP socket below TLS; without TLS the same as `socket`. */
  readonly transport: Socket
  /** 0 for the first connection of the server. */
  readonly index: number
  /** Everything that the client sent, as latin1. */
  log = ''
  /** Resolves to how the client ended the connection, when it has ended. */
  readonly ended: Promise<'fin' | 'reset' | 'closed'>
  #unread = ''
  #finished = false
  #wake = Promise.withResolvers<void>()

  readonly #seam: Seam | undefined

  constructor(socket: Socket, index: number, transport: Socket = socket, seam?: Seam) {
    this.socket = socket
    this.transport = transport
    this.index = index
    this.#seam = seam
    const ended = Promise.withResolvers<'fin' | 'reset' | 'closed'>()
    this.ended = ended.promise
    const finish = (how: 'fin' | 'reset' | 'closed'): void => {
      ended.resolve(how)
      this.#finished = true
      this.#wake.resolve()
    }
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      this.log += text
      this.#unread += text
      this.#wake.resolve()
    })
    socket.on('end', () => finish('fin'))
    socket.on('error', () => finish('reset'))
    socket.on('close', () => finish('closed'))
  }

  /** Reads up to and including `mark`. Rejects if the client closes first. */
  async readUntil(mark: string): Promise<string> {
    for (;;) {
      const at = this.#unread.indexOf(mark)
      if (at >= 0) return this.#take(at + mark.length)
      await this.#more(`'${mark.trim() || 'blank line'}' from the client`)
    }
  }

  async read(length: number): Promise<string> {
    while (this.#unread.length < length) await this.#more(`${length} bytes from the client`)
    return this.#take(length)
  }

  /** Reads one request head, with its blank line. */
  head(): Promise<string> {
    return this.readUntil('\r\n\r\n')
  }

  /** Reads one request with its body and framing. */
  async request(): Promise<{ head: string; body: string }> {
    const head = await this.head()
    return { head, body: await this.body(head) }
  }

  /** Reads the body, without framing, of the request with this head. */
  async body(head: string): Promise<string> {
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length !== undefined) return this.read(Number(length))
    return /\r\ntransfer-encoding: *chunked/i.test(head) ? this.#chunkedBody() : ''
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Resolves when the kernel has the bytes; on loopback they have arrived then. */
  deliver(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(Buffer.from(text, 'latin1'), () => resolve())
    })
  }

  /** Sends all in one TCP segment. Over TLS, which needs `seam`, each text is a record of its own. */
  async deliverTogether(texts: readonly string[]): Promise<void> {
    if (!this.#seam) return this.deliver(texts.join(''))
    this.#seam.hold()
    for (const text of texts) await this.deliver(text)
    return this.#seam.release()
  }

  /** Sends a whole response with its length. */
  respond(body = '', headers = '', status = '200 OK'): void {
    this.send(`HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`)
  }

  /** Closes our side in order. */
  fin(): void {
    this.socket.end()
  }

  /** Closes with a TCP reset. */
  reset(): void {
    this.transport.resetAndDestroy()
  }

  async #chunkedBody(): Promise<string> {
    let body = ''
    for (;;) {
      const size = Number.parseInt(await this.readUntil('\r\n'), 16)
      body += await this.read(size)
      await this.read(2)
      if (size === 0) return body
    }
  }

  #take(length: number): string {
    const text = this.#unread.slice(0, length)
    this.#unread = this.#unread.slice(length)
    return text
  }

  async #more(what: string): Promise<void> {
    if (this.#finished) throw new ClientGone(what)
    this.#wake = Promise.withResolvers()
    await this.#wake.promise
  }
}

class ClientGone extends Error {}

export interface RawServer {
  /** http:// or https:// with the address 127.0.0.1 or the name localhost. */
  readonly origin: string
  readonly port: number
  readonly server: Server
  readonly peers: readonly Peer[]
  /** Resolves to the connection with this index, as soon as it exists. */
  peer(index: number): Promise<Peer>
  close(): Promise<void>
}

export interface RawOptions {
  readonly tls?: boolean
  /** With `tls`: the server can put several records in one TCP segment. */
  readonly seam?: boolean
  readonly host?: string
}

/**
 * If there are several scripts, each connection runs the next one; the last one is for all that follow. A script that
 * throws ends its connection, and `close()` reports the error.
 */
export async function startRaw(
  script: RawScript | RawScript[],
  options: RawOptions = {},
): Promise<RawServer> {
  const scripts = Array.isArray(script) ? script : [script]
  const sockets = new Set<Socket>()
  const peers: Peer[] = []
  const failures: unknown[] = []
  const transports = new Map<number | undefined, Socket>()
  const waiting: { index: number; resolve: (peer: Peer) => void }[] = []

  const onConnection = (socket: Socket, seam?: Seam): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const peer = new Peer(
      socket,
      peers.length,
      seam?.socket ?? transports.get(socket.remotePort),
      seam,
    )
    peers.push(peer)
    for (const { index, resolve } of waiting) if (index === peer.index) resolve(peer)
    const run = scripts[Math.min(peer.index, scripts.length - 1)]
    Promise.resolve(run?.(peer)).catch((error: unknown) => {
      if (!(error instanceof ClientGone)) failures.push(error)
      socket.destroy()
    })
  }
  const half = { allowHalfOpen: true, noDelay: true }
  const secure = options.tls && { ...certificates().good, ALPNProtocols: ['http/1.1'] }
  const onSeam = (socket: Socket): void => {
    const seam = new Seam(socket)
    const wrapped = new TLSSocket(seam, { ...secure, isServer: true })
    wrapped.on('error', () => {})
    wrapped.once('secure', () => onConnection(wrapped, seam))
  }
  const server =
    secure && !options.seam
      ? createTlsServer({ ...half, ...secure }, (socket) => onConnection(socket))
      : createServer(half, secure ? onSeam : (socket) => onConnection(socket))
  server.on('tlsClientError', () => {})
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    if (options.tls) transports.set(socket.remotePort, socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })

  const { port, close } = await listen(server, sockets, options.host)
  return {
    origin: options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    server,
    peers,
    peer: (index) => {
      const there = peers[index]
      if (there) return Promise.resolve(there)
      const { promise, resolve } = Promise.withResolvers<Peer>()
      waiting.push({ index, resolve })
      return within(`connection number ${index}`, promise)
    },
    close: async () => {
      await close()
      if (failures.length > 0) throw failures[0]
    },
  }
}
