import { Buffer } from 'node:buffer'
import { pipeline, Readable } from 'node:stream'
import type { Controller } from '../compat/handler.ts'
import { isDisturbed } from '../answer/disturbed.ts'
import type { ContentDecoder } from './content-coding.ts'

/** How many bytes of an unread body are held; beyond that the server must wait. */
const mostUnread = 64 * 1024

/** The promise of a whole body. */
interface Waiting {
  resolve(bytes: Buffer | Promise<Buffer>): void
  reject(error: unknown): void
}

/** The body of a response. It keeps chunks; a promise or a stream is made only when the program asks for one. */
export class FetchBody {
  /** of its request; null before that has started and after it has ended */
  protected controller: Controller | null = null
  #chunks: Buffer[] = []
  #held = 0
  #decoder: ContentDecoder | undefined
  /** whether all of it has come */
  #hasEnded = false
  /** whether its reader has all of it, or nobody will read it */
  #isOver = false
  #hasFailed = false
  #error: unknown
  /** whether somebody has asked for its chunks */
  #isTaken = false
  #isPaused = false
  #waiting: Waiting | null = null
  #stream: ReadableStream<Uint8Array> | null = null
  #source: ReadableByteStreamController | null = null
  /** whether a reader of the stream waits for a chunk */
  #isAwaited = false

  /** Returns a body with a branch of another body's stream. */
  static ofStream(stream: ReadableStream<Uint8Array>): FetchBody {
    const body = new FetchBody()
    body.#stream = stream
    body.#hasEnded = true
    body.#isOver = true
    return body
  }

  get isUsed(): boolean {
    return this.#isTaken || (this.#stream !== null && isDisturbed(this.#stream))
  }

  get isLocked(): boolean {
    return this.#stream !== null && this.#stream.locked
  }

  /** Whether the body holds a connection, or is followed by a signal, and nobody reads it. */
  get isUnread(): boolean {
    return !this.#isOver && !this.#hasFailed && !this.#isTaken
  }

  /** Resolves to the whole body. REQUIRES: neither used nor locked. */
  all(): Promise<Buffer> {
    if (this.#stream !== null) {
      return readAll(this.#stream)
    }
    this.#isTaken = true
    if (this.#hasFailed) {
      return Promise.reject(this.#error)
    }
    if (this.#hasEnded) {
      return this.#isOver ? this.#decoded() : this.#decodedUnlessAborted()
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#resume()
    })
  }

  /** Returns the same stream each time. */
  stream(): ReadableStream<Uint8Array> {
    if (this.#stream === null) {
      if (this.#isTaken) {
        this.#stream = takenStream()
      } else {
        const raw = this.#rawStream()
        this.#stream =
          this.#decoder === undefined
            ? raw
            : decodedStream(raw, this.#decoder, (error) =>
                this.#hasFailed ? this.#error : new TypeError('terminated', { cause: error }),
              )
      }
    }
    return this.#stream
  }

  /** Returns another body with the same bytes. REQUIRES: neither used nor locked. */
  clone(): FetchBody {
    if (this.#hasEnded && this.#isOver && this.#stream === null) {
      const copy = new FetchBody()
      copy.#chunks = [...this.#chunks]
      copy.#decoder = this.#decoder
      copy.#hasEnded = true
      copy.#isOver = true
      return copy
    }
    const [own, other] = this.stream().tee()
    this.#stream = own
    return FetchBody.ofStream(other)
  }

  /** Its response was garbage-collected, so nobody can read it any more. */
  abandon(): void {
    if (this.#stream === null) {
      this.#isTaken = true
      this.#chunks = []
      this.controller?.abort(new DOMException('The operation was aborted.', 'AbortError'))
      this.#finish()
    } else if (!this.#stream.locked && !isDisturbed(this.#stream)) {
      this.#stream.cancel('Response object has been garbage collected').catch(() => {})
    }
  }

  protected decodeBy(decoder: ContentDecoder | undefined): void {
    this.#decoder = decoder
  }

  protected push(chunk: Buffer): void {
    if (this.#isAwaited) {
      this.#isAwaited = false
      this.#enqueue(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#held += chunk.byteLength
    if (this.#waiting === null && this.#held > mostUnread && !this.#isPaused) {
      this.#isPaused = true
      this.controller?.pause()
    }
  }

  /** Call this when all of the body has come. `isAbortable`: a signal may still discard what nobody has read. */
  protected end(isAbortable: boolean): void {
    this.#hasEnded = true
    this.controller = null
    if (this.#waiting !== null) {
      this.#waiting.resolve(this.#decoded())
      this.#waiting = null
      this.#finish()
    } else if (this.#source !== null && this.#chunks.length === 0) {
      this.#close()
    } else if (!isAbortable) {
      this.#finish()
    }
  }

  /** Called once, when the body needs its signal no longer. */
  protected onOver(): void {}

  /** Discards what nobody has read. Readers get the error. */
  protected breakOff(error: unknown): void {
    if (this.#isOver || this.#hasFailed) {
      return
    }
    this.#hasFailed = true
    this.#error = error
    this.#chunks = []
    this.controller = null
    this.#waiting?.reject(error)
    this.#waiting = null
    this.#source?.error(error)
    this.#source = null
  }

  #resume(): void {
    if (this.#isPaused) {
      this.#isPaused = false
      this.controller?.resume()
    }
  }

  #joined(): Buffer {
    const chunks = this.#chunks
    this.#chunks = []
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  }

  #finish(): void {
    if (!this.#isOver) {
      this.#isOver = true
      this.onOver()
    }
  }

  // An abort in the same turn as the call still counts.
  async #decodedUnlessAborted(): Promise<Buffer> {
    await Promise.resolve()
    if (this.#hasFailed) {
      throw this.#error
    }
    this.#finish()
    return this.#decoded()
  }

  async #decoded(): Promise<Buffer> {
    const bytes = this.#joined()
    if (this.#decoder === undefined) {
      return bytes
    }
    try {
      return await this.#decoder.decode(bytes)
    } catch (error) {
      throw new TypeError('terminated', { cause: error })
    }
  }

  #rawStream(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      type: 'bytes',
      start: (source) => {
        this.#source = source
        if (this.#hasFailed) {
          source.error(this.#error)
        }
      },
      pull: () => {
        const chunk = this.#chunks.shift()
        if (chunk !== undefined) {
          this.#held -= chunk.byteLength
          this.#enqueue(chunk)
        } else if (!this.#hasEnded) {
          this.#isAwaited = true
          this.#resume()
        }
        if (this.#hasEnded && this.#chunks.length === 0) {
          this.#close()
        }
      },
      cancel: (reason: unknown) => {
        this.#source = null
        this.#isAwaited = false
        this.#chunks = []
        this.#isTaken = true
        this.controller?.abort(reason as Error)
        this.#finish()
      },
    })
  }

  // A byte stream detaches the memory of a chunk. Small chunks share theirs, so they are copied.
  #enqueue(chunk: Buffer): void {
    const isItsOwn = chunk.byteLength === chunk.buffer.byteLength && chunk.byteLength > mostShared
    this.#source?.enqueue(isItsOwn ? chunk : new Uint8Array(chunk))
  }

  #close(): void {
    const source = this.#source
    this.#source = null
    if (source !== null) {
      source.close()
      source.byobRequest?.respond(0)
    }
    this.#finish()
  }
}

/** Makes the stream that `.body` is after `text()` and the like, which keep it locked. */
function takenStream(): ReadableStream<Uint8Array> {
  const stream: ReadableStream<Uint8Array> = new ReadableStream({
    type: 'bytes',
    start(source) {
      source.close()
    },
  })
  stream.getReader()
  return stream
}

/** Buffers up to this size may share one piece of memory in Node. */
const mostShared = 16 * 1024

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function decodedStream(
  raw: ReadableStream<Uint8Array>,
  decoder: ContentDecoder,
  /** Returns the reader's error for one of the decoder or of `raw`. */
  errorOf: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const encoded = Readable.fromWeb(raw as Parameters<typeof Readable.fromWeb>[0])
  const decoded = pipeline([encoded, ...decoder.streams()], () => {}) as unknown as Readable
  const chunks = decoded.iterator() as AsyncIterator<Buffer>
  return new ReadableStream({
    type: 'bytes',
    async pull(source) {
      try {
        const { done, value } = await chunks.next()
        if (done) {
          source.close()
          source.byobRequest?.respond(0)
        } else {
          source.enqueue(new Uint8Array(value))
        }
      } catch (error) {
        source.error(errorOf(error))
      }
    },
    async cancel(reason) {
      decoded.destroy(reason instanceof Error ? reason : undefined)
      await raw.cancel(reason).catch(() => {})
    },
  })
}
