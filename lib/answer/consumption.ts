import { Blob, Buffer } from 'node:buffer'
import { hasMark, textOf } from './text.ts'

/** The forms in which a whole body can be read. */
export type Shape = 'text' | 'json' | 'bytes' | 'arrayBuffer' | 'blob'

/** A reading of the whole body, and its promise. */
export class Consumption {
  readonly #shape: Shape
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #length = 0
  /** null after the promise is settled */
  #chunks: Buffer[] | null = []

  constructor(shape: Shape, resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#shape = shape
    this.#resolve = resolve
    this.#reject = reject
  }

  get isOver(): boolean {
    return this.#chunks === null
  }

  /** Takes the chunks that came before. */
  take(chunks: Buffer[], length: number): void {
    this.#chunks = chunks
    this.#length = length
  }

  push(chunk: Buffer): void {
    if (this.#chunks !== null) {
      this.#chunks.push(chunk)
      this.#length += chunk.byteLength
    }
  }

  /** The body has ended. Throws if it is invalid; then the promise is not settled. */
  end(type: unknown, encoding: BufferEncoding | null = null): void {
    if (this.#chunks !== null) {
      this.#resolve(this.#value(this.#chunks, type, encoding))
      this.#chunks = null
    }
  }

  /** Rejects the promise, unless it is settled. */
  fail(error: unknown): void {
    if (this.#chunks !== null) {
      this.#chunks = null
      this.#reject(error)
    }
  }

  #value(chunks: Buffer[], type: unknown, encoding: BufferEncoding | null): unknown {
    switch (this.#shape) {
      case 'text':
        return this.#text(chunks, encoding)
      case 'json':
        return JSON.parse(this.#text(chunks, encoding))
      case 'bytes':
        return this.#bytes(chunks)
      case 'arrayBuffer':
        return this.#bytes(chunks).buffer
      default:
        return new Blob(chunks, type === undefined ? {} : { type: type as string })
    }
  }

  #text(chunks: Buffer[], encoding: BufferEncoding | null): string {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, this.#length)
    if (encoding === null || encoding === 'utf8' || encoding === 'utf-8') {
      return textOf(bytes)
    }
    return bytes.toString(encoding, hasMark(bytes) ? 3 : 0)
  }

  // Copies the chunks, as their memory may be shared.
  #bytes(chunks: Buffer[]): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length)
    let at = 0
    for (const chunk of chunks) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    return bytes
  }
}
