import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { errors } from '../compat/undici.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { StreamLike } from '../request/request-body.ts'
import { uploadSource, type UploadSource } from './upload-source.ts'

/** Bytes that may lie between the source and the socket: enough for a fast network, little for many requests. */
export const uploadWindow: number = 256 * 1024

/** Bytes that are read of a body to see whether that is all of it. */
const mostAhead = 64 * 1024

/** A body on its way: takes chunks from the source, hands them to native, and stops the source at the window. */
export class Upload {
  #request: PendingRequest
  readonly #source: UploadSource
  /** declared length; -1: none */
  #length: number
  readonly #isStrict: boolean
  /** the source is being read */
  #started = false
  /** native asked for the body */
  #wanted = false
  /** chunks that came before native asked: copies, as the source may use their memory again */
  #ahead: (Uint8Array | string)[] = []
  #aheadBytes = 0
  /** at so many bytes ahead the source waits */
  #mostAhead = 0
  #onAhead: (() => void) | undefined
  /** the source was told to wait */
  #waiting = false
  #over = false
  #sourceEnded = false
  /** native has all of the body */
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

  /** The source has turned out to hold `length` bytes; -1: it is not known yet. REQUIRES: nothing has been read. */
  learnLength(length: number): void {
    this.#length = length
    this.#over = length === 0
  }

  /** A length was declared that need not be kept to: a source without anything is then sent as no body. */
  get mayTurnOutEmpty(): boolean {
    return !this.#isStrict && this.#length > 0
  }

  /** Reads the first chunk, before native asks, to see whether there is one. Calls `onFirst` later, if ever. */
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
   * Reads what the source has at hand, before native asks. Calls `onGathered` when that is too much, the source has
   * ended, or `gathered()` tells that it took too long: with all of the body, or undefined when there may be more,
   * or less than declared.
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

  /** What has not come by now is waited for no longer. */
  gathered(): void {
    if (!this.#over) {
      this.#enough()
    }
  }

  /** Native sent `bytes` more; its first word, of 0 bytes, starts the source. */
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
   * The body counts as read when its answer is told: undici sends no head before it has read, so that the redirect
   * interceptor, say, may take what was not read for a body that can be sent again.
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

  /** Bytes that native has, and has not said to be sent. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /**
   * The connection has switched before the body was complete: the rest of it goes on behalf of `request`. Calls back when
   * native has all of it; at once where it has that now.
   */
  goOnFor(request: PendingRequest, onComplete: () => void): void {
    this.#request = request
    if (this.#over || this.#complete) {
      onComplete()
    } else {
      this.#onComplete = onComplete
    }
  }

  /** The request has ended, with `error` if it failed: what is still in the source is not wanted. */
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
      this.#enough()
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
      this.#enough()
    }
    return this.#onAhead !== undefined
  }

  #enough(): void {
    const onAhead = this.#onAhead
    this.#onAhead = undefined
    onAhead?.()
  }

  // The source waits since it gave too much, if it has not ended with that.
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

  // More than was declared is never sent: it would be read as the next request.
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
      // The body is complete, whenever its source may find that it has no more.
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

// Node's own, as undici's meets it: it measures a chunk before it writes it.
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
