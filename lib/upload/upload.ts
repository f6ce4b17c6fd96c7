import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { errors } from '../compat/undici.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { StreamLike } from '../request/request-body.ts'
import { uploadSource, type UploadSource } from './upload-source.ts'

/** How many bytes may be between the source and the socket: enough for a fast network, few enough for many requests. */
export const uploadWindow: number = 256 * 1024

/** How many bytes of a body are read ahead to see whether they are all of it. */
const mostAhead = 64 * 1024

/** Takes chunks from a body's source and hands them to native. Pauses the source when a window of them is unsent. */
export class Upload {
  #request: PendingRequest
  readonly #source: UploadSource
  /** declared length; -1 if there is none */
  #length: number
  readonly #isStrict: boolean
  /** whether the source is being read */
  #started = false
  /** whether native has asked for the body */
  #wanted = false
  /** chunks that came before native asked; copies, as the source may reuse their memory */
  #ahead: (Uint8Array | string)[] = []
  #aheadBytes = 0
  /** how many bytes may be read ahead before the source waits */
  #mostAhead = 0
  #onAhead: (() => void) | undefined
  /** whether the source was told to wait */
  #waiting = false
  #over = false
  #sourceEnded = false
  /** whether native has the whole body */
  #complete = false
  #onComplete: (() => void) | undefined
  #written = 0
  #unacknowledged = 0

  constructor(
    request: PendingRequest,
    body: StreamLike | Iterable<unknown> | AsyncIterable<unknown>,
    length: number,
    isStrict: boolean,
  ) {
    this.#request = request
    this.#length = length
    this.#isStrict = isStrict
    this.#source = uploadSource(body, this)
  }

  /** The source has `length` bytes; -1 if it is still not known. REQUIRES: nothing has been read. */
  learnLength(length: number): void {
    this.#length = length
    this.#over = length === 0
  }

  /** Whether a length was declared that may be wrong: if the source is empty, no body is sent. */
  get mayTurnOutEmpty(): boolean {
    return !this.#isStrict && this.#length > 0
  }

  /** Reads the first chunk before native asks, to see whether there is one. Calls `onFirst` later, or never. */
  peek(onFirst: (isEmpty: boolean) => void): void {
    this.#readAhead(1, () => {
      const isEmpty = this.#ahead.length === 0
      this.#over = isEmpty
      if (isEmpty && this.#length > 0) {
        process.emitWarning(mismatch())
      }
      onFirst(isEmpty)
    })
  }

  /**
   * Reads what the source has at hand, before native asks. Calls `onGathered` when that is too much, when the source
   * has ended, or when `gathered()` says that it took too long. Its argument is the whole body, or undefined if there
   * may be more or if it is shorter than declared.
   */
  gather(onGathered: (whole: Uint8Array | undefined) => void): void {
    this.#readAhead(mostAhead, () => {
      if (this.#sourceEnded && (this.#length < 0 || this.#length === this.#aheadBytes)) {
        this.#over = true
        onGathered(joined(this.#ahead.splice(0)))
      } else {
        onGathered(undefined)
      }
    })
  }

  /** Ends gathering: the rest of the body is sent as it comes. */
  gathered(): void {
    if (!this.#over) {
      this.#endReadingAhead()
    }
  }

  /** Native has sent `bytes` more. Its first call, with 0, starts the source. */
  onWanted(bytes: number): void {
    this.#unacknowledged -= bytes
    this.#wanted = true
    if (!this.#started) {
      this.#started = true
      this.#source.start()
    } else if (this.#ahead.length > 0 || this.#sourceEnded) {
      this.#writeAhead()
    } else if (this.#waiting && !this.#over && this.#unacknowledged < uploadWindow) {
      this.#waiting = false
      this.#source.resume()
    }
  }

  /**
   * Marks the body as read. undici has always begun to read when a response head comes; otherwise the redirect
   * interceptor, for example, would send an unread body again.
   */
  onAnswer(): void {
    if (!this.#over && !this.#sourceEnded) {
      if (!this.#started) {
        this.#started = true
        this.#source.start()
      }
      this.#source.claim()
    }
  }

  /** Bytes that native has, and has not reported as sent. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /**
   * The connection has switched before the body was complete, so the rest is sent for `request`. Calls back when native
   * has the whole body, perhaps at once.
   */
  goOnFor(request: PendingRequest, onComplete: () => void): void {
    this.#request = request
    if (this.#over || this.#complete) {
      onComplete()
    } else {
      this.#onComplete = onComplete
    }
  }

  /** The request has ended, with `error` if it failed: the rest of the source is not needed. */
  stop(error?: unknown): void {
    if (!this.#over) {
      this.#over = true
      if (!this.#sourceEnded) {
        this.#source.stop(error)
      }
    }
  }

  write(chunk: unknown): boolean {
    const bytes = bytesOf(chunk)
    if (bytes === undefined) {
      this.#request.onUploadFailed(invalidChunk(chunk))
      return false
    }
    if (this.#over || bytes.byteLength === 0) {
      return !this.#over
    }
    if (!this.#wanted) {
      return this.#hold(bytes, chunk)
    }
    if (this.#length >= 0 && this.#written + bytes.byteLength > this.#length) {
      return this.#writeExcess(bytes, chunk)
    }
    this.#send(bytes, chunk)
    this.#waiting = this.#unacknowledged >= uploadWindow
    return !this.#waiting && !this.#over
  }

  end(): void {
    if (this.#over) {
      return
    }
    this.#sourceEnded = true
    if (!this.#wanted) {
      this.#endReadingAhead()
      return
    }
    this.#over = true
    if (this.#written < this.#length) {
      this.#request.onUploadTooShort(mismatch(), this.#isStrict)
    }
    if (this.#written !== this.#length || this.#length === 0) {
      this.#endBody()
    }
  }

  fail(error: unknown): void {
    this.#over = true
    this.#request.onUploadFailed(error)
  }

  #readAhead(most: number, onAhead: () => void): void {
    this.#mostAhead = most
    this.#onAhead = onAhead
    this.#started = true
    this.#source.start()
  }

  #hold(bytes: Uint8Array, chunk: unknown): boolean {
    this.#ahead.push(typeof chunk === 'string' ? chunk : Buffer.from(bytes))
    this.#aheadBytes += bytes.byteLength
    if (this.#aheadBytes >= this.#mostAhead) {
      this.#endReadingAhead()
    }
    return this.#onAhead !== undefined
  }

  #endReadingAhead(): void {
    const onAhead = this.#onAhead
    this.#onAhead = undefined
    onAhead?.()
  }

  // Unless the source has ended, it waits because it gave too much.
  #writeAhead(): void {
    const ahead = this.#ahead
    this.#ahead = []
    for (const chunk of ahead) {
      this.write(chunk)
    }
    if (this.#sourceEnded) {
      this.end()
    } else if (!this.#waiting && !this.#over) {
      this.#source.resume()
    }
  }

  // More than the declared length is never sent, as a server would read the excess as the next request.
  #writeExcess(bytes: Uint8Array, chunk: unknown): boolean {
    if (this.#isStrict) {
      this.#request.onUploadFailed(mismatch())
      return false
    }
    process.emitWarning(mismatch())
    const room = this.#length - this.#written
    if (room > 0) {
      this.#send(bytes.subarray(0, room), chunk)
    }
    return !this.#over
  }

  #send(bytes: Uint8Array, chunk: unknown): void {
    this.#written += bytes.byteLength
    this.#unacknowledged += bytes.byteLength
    this.#request.writeBody(bytes, chunk)
    if (this.#written === this.#length) {
      // The body is complete, even if its source has not ended yet.
      this.#endBody()
    }
  }

  #endBody(): void {
    this.#complete = true
    this.#request.endBody()
    this.#onComplete?.()
  }
}

function joined(chunks: readonly (Uint8Array | string)[]): Uint8Array {
  const all = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  return all.length === 1 ? (all[0] as Uint8Array) : Buffer.concat(all)
}

function mismatch(): Error {
  return new errors.RequestContentLengthMismatchError()
}

function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (types.isUint8Array(chunk)) {
    return chunk
  }
  if (typeof chunk === 'string') {
    return Buffer.from(chunk)
  }
  return ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : undefined
}

// The error of Buffer.byteLength(), by which undici measures a chunk before it writes it.
function invalidChunk(chunk: unknown): Error {
  try {
    Buffer.byteLength(chunk as string)
  } catch (error) {
    return error as Error
  }
  const error = new TypeError(
    'The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView. ' +
      'Received an instance of ArrayBuffer',
  )
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}
