import { Buffer } from 'node:buffer'
import { Errc, EventType } from '../../../lib/native/contract.ts'
import type { NativeClient } from '../../../lib/native/contract.ts'

type Header = readonly [name: string, value: string]

interface Head {
  readonly status?: number
  readonly statusText?: string
  /** 10, 11, 20 or 30 */
  readonly version?: number
  readonly headers?: readonly Header[]
}

/** Writes records as native does, and hands them to a client's onBatch. */
export class BatchEncoder {
  readonly #words: number[] = []
  #text = ''
  readonly #slab: Buffer[] = []
  readonly #blocks: Buffer[] = []

  head(
    id: number,
    { status = 200, statusText = 'OK', version = 11, headers = [] }: Head = {},
  ): this {
    // The reason phrase crosses as the bytes of its UTF-8.
    const phrase = Buffer.from(statusText).toString('latin1')
    this.#words.push(EventType.responseStart, id, status, version, phrase.length, headers.length)
    this.#text += phrase
    this.#pairs(headers)
    return this
  }

  data(id: number, bytes: string | Buffer): this {
    const chunk = Buffer.from(bytes)
    this.#words.push(EventType.data, id, chunk.length)
    this.#slab.push(chunk)
    return this
  }

  block(id: number, bytes: string | Buffer): this {
    this.#words.push(EventType.dataBlock, id, this.#blocks.length, 0, bytes.length)
    this.#blocks.push(inOwnMemory(Buffer.from(bytes)))
    return this
  }

  end(id: number, trailers: readonly Header[] = []): this {
    this.#words.push(EventType.end, id, trailers.length)
    this.#pairs(trailers)
    return this
  }

  failed(id: number, code: keyof typeof Errc, detail = 0, message = '', socket = ''): this {
    this.#words.push(EventType.failed, id, Errc[code], detail, message.length, socket.length)
    this.#text += message + socket
    return this
  }

  sent(id: number): this {
    this.#words.push(EventType.requestSent, id)
    return this
  }

  wanted(id: number, bytes: number): this {
    this.#words.push(EventType.bodyWanted, id, bytes)
    return this
  }

  connected(origin: string): this {
    this.#words.push(EventType.connected, 0, origin.length)
    this.#text += origin
    return this
  }

  disconnected(origin: string, code: keyof typeof Errc = 'notKept', detail = 0): this {
    this.#words.push(EventType.disconnected, 0, Errc[code], detail, origin.length)
    this.#text += origin
    return this
  }

  connectionWanted(id: number): this {
    this.#words.push(EventType.connectionWanted, id)
    return this
  }

  loopClosed(): this {
    this.#words.push(EventType.loopClosed, 0)
    return this
  }

  /** A whole small response: head, body, end. */
  response(id: number, body = '', head: Head = {}): this {
    this.head(id, head)
    if (body !== '') {
      this.data(id, body)
    }
    return this.end(id)
  }

  /** The words are overwritten afterwards, as native's array is used again. */
  deliverTo(client: NativeClient): void {
    const words = new Uint32Array(this.#words.length + 8).fill(0xffffffff)
    words.set(this.#words)
    const slab = this.#slab.length > 0 ? inOwnMemory(Buffer.concat(this.#slab)) : undefined
    const blocks = this.#blocks.length > 0 ? this.#blocks : undefined
    client.onBatch(words, this.#words.length, this.#text, slab, blocks)
    words.fill(0xffffffff)
  }

  #pairs(pairs: readonly Header[]): void {
    for (const [name, value] of pairs) {
      this.#words.push(name.length, value.length)
      this.#text += name + value
    }
  }
}

// Like native's Buffers, and unlike those of Node's pool, these can be transferred.
function inOwnMemory(bytes: Buffer): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer)
}
