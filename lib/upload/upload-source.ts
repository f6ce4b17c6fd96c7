import { errors } from '../compat/undici.ts'
import { http } from '../compat/node-http.ts'
import { throwLater } from '../errors/throw-later.ts'
import { isStream, type StreamLike } from '../request/request-body.ts'

/** Receives the chunks of a source. */
export interface UploadSink {
  /** Returns whether the source may go on; if not, it must wait for resume(). */
  write(chunk: unknown): boolean
  end(): void
  fail(error: unknown): void
}

/** Gives a body's chunks to a sink, as fast as the sink takes them. */
export interface UploadSource {
  start(): void
  /** Marks the body as read, even if no chunk has come yet. REQUIRES: start() was called. */
  claim(): void
  /** The sink takes more, after its write() had returned false. */
  resume(): void
  /** Ends the source early: destroys a stream, with `error` if there is one, or calls the iterator's return(). */
  stop(error?: unknown): void
}

/** Destroys the body of a request. Throws what its destroy() throws. */
export function destroyStream(stream: StreamLike, error?: unknown): void {
  if (stream instanceof http.IncomingMessage) {
    // A server may pass on a request that it serves. destroy() would close that request's connection, so that the
    // server could not answer it.
    Object.assign(stream, { socket: null })
  }
  stream.destroy?.(error as Error | undefined)
}

/** The property that `stream.isDisturbed()` reads first. */
const disturbed = Symbol.for('nodejs.stream.disturbed')

export function uploadSource(
  body: StreamLike | Iterable<unknown> | AsyncIterable<unknown>,
  sink: UploadSink,
): UploadSource {
  return isStream(body) ? new StreamSource(body, sink) : new IterableSource(body, sink)
}

// Listens for errors from the start, as a stream may fail before it is read.
class StreamSource implements UploadSource {
  readonly #stream: StreamLike
  readonly #sink: UploadSink
  #over = false

  constructor(stream: StreamLike, sink: UploadSink) {
    this.#stream = stream
    this.#sink = sink
    stream.on('error', this.#onError)
  }

  start(): void {
    const stream = this.#stream
    if (stream.errored) {
      this.#onError(stream.errored)
    } else if (stream.destroyed) {
      this.#onClose()
    } else if (stream.readableEnded) {
      this.#onEnd()
    } else {
      stream.on('end', this.#onEnd)
      stream.on('close', this.#onClose)
      stream.on('data', this.#onData)
      // After pause() a 'data' listener does not make a stream flow.
      stream.resume()
    }
  }

  claim(): void {
    if (!this.#stream.readableDidRead) {
      Reflect.set(this.#stream, disturbed, true)
    }
  }

  resume(): void {
    this.#stream.resume()
  }

  stop(error?: unknown): void {
    if (!this.#over) {
      this.#release()
      // destroy() emits 'error' for those who wait for the stream's end; it must not crash the process if nobody does.
      this.#stream.on('error', ignore)
      this.#destroy(error)
    }
  }

  readonly #onData = (chunk: unknown): void => {
    if (!this.#sink.write(chunk) && !this.#over) {
      this.#stream.pause()
    }
  }

  readonly #onEnd = (): void => {
    this.#release()
    const state = this.#stream as {
      readableAutoDestroy?: boolean
      _readableState?: { autoDestroy?: boolean }
    }
    if (state._readableState?.autoDestroy !== true) {
      this.#destroy()
    }
    this.#sink.end()
  }

  readonly #onError = (error: unknown): void => {
    this.stop()
    this.#sink.fail(error)
  }

  // The stream was closed before its end, without an error.
  readonly #onClose = (): void => {
    this.stop()
    this.#sink.fail(new errors.RequestAbortedError())
  }

  // If destroy() throws, the request must still end, and not with that error.
  #destroy(error?: unknown): void {
    try {
      destroyStream(this.#stream, error)
    } catch (thrown) {
      throwLater(thrown)
    }
  }

  #release(): void {
    this.#over = true
    const stream = this.#stream
    stream.off('error', this.#onError)
    stream.off('end', this.#onEnd)
    stream.off('close', this.#onClose)
    stream.off('data', this.#onData)
  }
}

class IterableSource implements UploadSource {
  readonly #body: Iterable<unknown> | AsyncIterable<unknown>
  readonly #sink: UploadSink
  #stopped = false
  #wake: (() => void) | undefined

  constructor(body: Iterable<unknown> | AsyncIterable<unknown>, sink: UploadSink) {
    this.#body = body
    this.#sink = sink
  }

  start(): void {
    void this.#run()
  }

  // start() has called next() already.
  claim(): void {}

  resume(): void {
    this.#wake?.()
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.()
  }

  // Leaving the loop early calls the iterator's return().
  async #run(): Promise<void> {
    try {
      for await (const chunk of this.#body) {
        if (this.#stopped) {
          return
        }
        if (!this.#sink.write(chunk)) {
          await this.#untilWanted()
        }
        if (this.#stopped) {
          return
        }
      }
    } catch (error) {
      if (!this.#stopped) {
        this.#sink.fail(error)
      }
      return
    }
    if (!this.#stopped) {
      this.#sink.end()
    }
  }

  async #untilWanted(): Promise<void> {
    if (!this.#stopped) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
      this.#wake = undefined
    }
  }
}

function ignore(): void {}
