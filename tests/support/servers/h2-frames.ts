/**
 * HTTP/2 frame by frame, for what node:http2 does not do: a reset within a body, a GOAWAY before a running stream, half
 * a frame.
 */
import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import { certificates } from '../certificates.ts'
import { within } from '../wait.ts'
import { listen } from './listen.ts'

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const FrameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const
export const H2Code = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const

/** A header field in HPACK: a literal that enters no table. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)])
}

/** A string in HPACK, without Huffman. */
export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length: number[] = []
  if (bytes.length < 0x7f) {
    length.push(bytes.length)
  } else {
    let rest = bytes.length - 0x7f
    length.push(0x7f)
    for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** `:status: 200` is one byte of HPACK's static table. */
const kStatus200 = Buffer.from([0x88])
const kPrefaceLength = 24

export class H2Peer {
  readonly socket: Socket
  /** What is below TLS. */
  readonly transport: Socket
  /** Empty if there is an `onFrame`. */
  readonly frames: Frame[] = []
  /** Gets each frame, which is then not kept. */
  onFrame: ((frame: Frame) => void) | undefined
  /** The bytes that the client sends before its first frame; empty until then. */
  preface = ''
  /** Resolves when the client has closed or reset the connection. */
  readonly ended: Promise<void>
  #buffer = Buffer.alloc(0)
  #wake = Promise.withResolvers<void>()

  constructor(
    socket: Socket,
    transport: Socket = socket,
    greet: (peer: H2Peer) => void = sendSettings,
  ) {
    this.socket = socket
    this.transport = transport
    socket.on('error', () => {})
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    socket.on('end', resolve)
    socket.on('close', resolve)
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      this.#parse()
    })
    greet(this)
  }

  send(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): void {
    if (this.socket.writableEnded) return
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(stream, 5)
    this.socket.write(Buffer.concat([head, payload]))
  }

  /** Sends a head with status 200 and `fields`. */
  respond(stream: number, flags = 0, fields: Buffer = Buffer.alloc(0)): void {
    const block = Buffer.concat([kStatus200, fields])
    this.send(FrameType.headers, FrameFlag.endHeaders | flags, stream, block)
  }

  data(stream: number, text: string, flags = 0): void {
    this.send(FrameType.data, flags, stream, Buffer.from(text))
  }

  reset(stream: number, code: number): void {
    this.send(FrameType.reset, 0, stream, uint32(code))
  }

  goaway(lastStream: number, code: number): void {
    this.send(FrameType.goaway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]))
  }

  /** The id of the stream of request number `index` on this connection. */
  async request(index = 0): Promise<number> {
    const { stream } = await this.frame(
      `request number ${index}`,
      ({ type }) => type === FrameType.headers,
      index,
    )
    return stream
  }

  /** Resolves to the client's frame number `index` among those that `wanted` accepts. */
  async frame(what: string, wanted: (frame: Frame) => boolean, index = 0): Promise<Frame> {
    for (;;) {
      const frame = this.frames.filter(wanted)[index]
      if (frame) return frame
      await within(what, this.#wake.promise)
    }
  }

  #parse(): void {
    if (this.preface === '') {
      if (this.#buffer.length < kPrefaceLength) return
      this.preface = this.#buffer.toString('latin1', 0, kPrefaceLength)
      this.#buffer = this.#buffer.subarray(kPrefaceLength)
    }
    while (this.#buffer.length >= 9) {
      const length = this.#buffer.readUIntBE(0, 3)
      if (this.#buffer.length < 9 + length) return
      const frame = {
        type: this.#buffer[3] ?? 0,
        flags: this.#buffer[4] ?? 0,
        stream: this.#buffer.readUInt32BE(5) & 0x7fffffff,
        payload: this.#buffer.subarray(9, 9 + length),
      }
      this.#buffer = this.#buffer.subarray(9 + length)
      if (this.onFrame === undefined) this.frames.push(frame)
      if (frame.type === FrameType.settings && frame.flags === 0) {
        this.send(FrameType.settings, FrameFlag.ack, 0)
      }
      this.onFrame?.(frame)
      const { resolve } = this.#wake
      this.#wake = Promise.withResolvers()
      resolve()
    }
  }
}

function sendSettings(peer: H2Peer): void {
  peer.send(FrameType.settings, 0, 0)
}

/** The payload of a SETTINGS frame. */
export function settings(...pairs: [id: number, value: number][]): Buffer {
  return Buffer.concat(pairs.flatMap(([id, value]) => [Buffer.from([0, id]), uint32(value)]))
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export interface H2FrameServer {
  readonly origin: string
  readonly peers: readonly H2Peer[]
  close(): Promise<void>
}

/**
 * Each connection runs `script`; its index counts from 0. Instead of empty SETTINGS, `greet` may send something else
 * first.
 */
export async function startH2Frames(
  script: (peer: H2Peer, index: number) => Promise<void>,
  greet?: (peer: H2Peer) => void,
): Promise<H2FrameServer> {
  const sockets = new Set<Socket>()
  const peers: H2Peer[] = []
  const failures: unknown[] = []
  const transports = new Map<number | undefined, Socket>()
  const { cert, key } = certificates().good
  const server = createServer({ cert, key, ALPNProtocols: ['h2'], noDelay: true }, (socket) => {
    const peer = new H2Peer(
      socket,
      transports.get(socket.remotePort),
      peers.length === 0 ? greet : undefined,
    )
    peers.push(peer)
    script(peer, peers.length - 1).catch((error: unknown) => failures.push(error))
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    transports.set(socket.remotePort, socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {})
  const { port, close } = await listen(server, sockets)
  return {
    origin: `https://localhost:${port}`,
    peers,
    close: async () => {
      await close()
      if (failures.length > 0) throw failures[0]
    },
  }
}
