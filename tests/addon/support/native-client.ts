/**
 * Uses a native client as lib/native/contract.ts says, with its own batch reader; lib/'s reader is tested elsewhere.
 */
import { loadBinding } from '../../../lib/native/load.ts'
import { EventType, Param, RequestFlag } from '../../../lib/native/contract.ts'
import type { NativeClient, NativeClientOptions } from '../../../lib/native/contract.ts'
import { until } from '../../support/wait.ts'
import { noProxy } from '../../../lib/options/proxy.ts'
import { noTls } from '../../../lib/options/tls-options.ts'

const defaults: NativeClientOptions = {
  connections: 0,
  maxConcurrentStreams: 100,
  streamWindow: 262_144,
  connectionWindow: 0,
  pingInterval: 0,
  maxHeaderSize: 16 * 1024,
  maxRequestsPerConnection: 0,
  maxResponseSize: -1,
  connectTimeout: 10_000,
  keepAliveTimeout: 4_000,
  streamTimeout: 300_000,
  keepAliveTimeoutThreshold: 2_000,
  keepAliveMaxTimeout: 600_000,
  clientTtl: 0,
  happyEyeballsTimeout: 250,
  socketsAreGiven: false,
  keepAlive: true,
  ipv4Only: false,
  tcpKeepAlive: true,
  http2PriorKnowledge: false,
  tcpKeepAliveDelay: 60_000,
  localPort: 0,
  localAddress: '',
  socketPath: '',
  loopThreads: 0,
  tls: noTls,
  proxy: noProxy,
}

export function clientOptions(options: Partial<NativeClientOptions> = {}): NativeClientOptions {
  return { ...defaults, ...options }
}

export interface Sending {
  readonly origin: string
  readonly method?: string
  readonly target?: string
  /** Lines, as libcurl takes them. */
  readonly headers?: readonly string[]
  readonly body?: Uint8Array
  readonly flags?: number
}

/** The records of one request. */
export class Exchange {
  status = 0
  statusText = ''
  headers: [string, string][] = []
  trailers: [string, string][] = []
  readonly chunks: Buffer[] = []
  readonly wanted: number[] = []
  /** Of the terminal record. */
  end: 'end' | 'failed' | undefined
  errc = 0
  detail = 0
  message = ''
  socket = ''

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

export interface BatchShape {
  readonly words: Uint32Array
  readonly wordCount: number
  readonly types: number[]
  readonly slab: Buffer | undefined
  readonly blocks: Buffer[] | undefined
}

class Cursor {
  readonly #words: Uint32Array
  readonly #text: string
  #at = 0
  #textAt = 0

  constructor(words: Uint32Array, wordCount: number, text: string) {
    this.#words = words.subarray(0, wordCount)
    this.#text = text
  }

  get more(): boolean {
    return this.#at < this.#words.length
  }

  word(): number {
    const word = this.#words[this.#at]
    if (word === undefined) throw new Error('a record is longer than its batch')
    this.#at += 1
    return word
  }

  piece(length: number): string {
    const start = this.#textAt
    this.#textAt += length
    if (this.#textAt > this.#text.length) throw new Error('a record has more text than its batch')
    return this.#text.slice(start, this.#textAt)
  }
}

export class TestClient {
  readonly native: NativeClient
  readonly exchanges = new Map<number, Exchange>()
  readonly batches: BatchShape[] = []
  readonly origins: string[] = []
  loopsClosed = 0
  /** Runs after each batch was read, still inside onBatch. */
  afterBatch: ((batch: BatchShape) => void) | undefined

  constructor(options: Partial<NativeClientOptions> = {}) {
    this.native = new (loadBinding().Client)(clientOptions(options))
    this.native.onBatch = (words, wordCount, text, slab, blocks) => {
      const types = this.#read(words, wordCount, text, slab, blocks)
      const batch = { words, wordCount, types, slab, blocks }
      this.batches.push(batch)
      this.afterBatch?.(batch)
    }
  }

  get closed(): boolean {
    return this.loopsClosed === this.native.loopCount
  }

  /** Submits, and expects one terminal record with this id. */
  send(id: number, sending: Sending): Exchange {
    const { origin, method = 'GET', target = '/', headers = [], body, flags = 0 } = sending
    const lines = [`host: ${new URL(origin).host}`, ...headers]
    if (body) lines.push(`content-length: ${body.length}`)
    const text = [origin, method, target, '', ...lines, ''].join('\0')
    const { params } = this.native
    params[Param.id] = id
    params[Param.flags] = flags | RequestFlag.allowHttp2 | (body ? RequestFlag.bytesBody : 0)
    params[Param.headersTimeout] = 0
    params[Param.bodyTimeout] = 0
    params[Param.textLength] = text.length
    const exchange = new Exchange()
    this.native.submit(text, body)
    this.native.flush()
    this.exchanges.set(id, exchange)
    return exchange
  }

  async exchange(id: number, sending: Sending): Promise<Exchange> {
    const exchange = this.send(id, sending)
    await until(`request ${id} to end`, () => exchange.end !== undefined)
    return exchange
  }

  async destroy(): Promise<void> {
    this.native.destroy()
    await until('all loops to be closed', () => this.closed)
  }

  #read(
    words: Uint32Array,
    wordCount: number,
    text: string,
    slab: Buffer | undefined,
    blocks: Buffer[] | undefined,
  ): number[] {
    const cursor = new Cursor(words, wordCount, text)
    const word = (): number => cursor.word()
    const piece = (length: number): string => cursor.piece(length)
    let slabAt = 0
    let blockAt = 0
    const pairs = (strings: string[]): [string, string][] =>
      Array.from({ length: strings.length / 2 }, (_value, i) => [
        strings[2 * i] as string,
        strings[2 * i + 1] as string,
      ])
    const lengths = (count: number): number[] => Array.from({ length: count }, word)
    const types: number[] = []
    while (cursor.more) {
      const type = word()
      const id = word()
      types.push(type)
      const exchange = this.exchanges.get(id) ?? new Exchange()
      if (id !== 0 && exchange.end) throw new Error(`record ${type} after the end of request ${id}`)
      switch (type) {
        case EventType.responseStart: {
          exchange.status = word()
          word()
          const statusTextLength = word()
          const count = word()
          const headerLengths = lengths(2 * count)
          exchange.statusText = piece(statusTextLength)
          exchange.headers = pairs(headerLengths.map(piece))
          break
        }
        case EventType.data: {
          const length = word()
          exchange.chunks.push((slab as Buffer).subarray(slabAt, slabAt + length))
          slabAt += length
          break
        }
        case EventType.dataBlock: {
          word()
          word()
          const block = (blocks as Buffer[])[blockAt] as Buffer
          blockAt += 1
          if (block.length !== word()) throw new Error('a block of another length than its record')
          exchange.chunks.push(block)
          break
        }
        case EventType.end:
          exchange.trailers = pairs(lengths(2 * word()).map(piece))
          exchange.end = 'end'
          break
        case EventType.failed: {
          exchange.errc = word()
          exchange.detail = word()
          const messageLength = word()
          const socketLength = word()
          exchange.message = piece(messageLength)
          exchange.socket = piece(socketLength)
          exchange.end = 'failed'
          break
        }
        case EventType.requestSent:
          break
        case EventType.connectionWanted:
          this.native.connect(id, { addresses: '', timeout: 0, happyEyeballsTimeout: 250 })
          this.native.flush()
          break
        case EventType.bodyWanted:
          exchange.wanted.push(word())
          break
        case EventType.disconnected:
          word()
          word()
          this.origins.push(piece(word()))
          break
        case EventType.connected:
          this.origins.push(piece(word()))
          break
        case EventType.loopClosed:
          this.loopsClosed += 1
          break
        default:
          throw new Error(`unknown record type ${type}`)
      }
    }
    return types
  }
}
