import { errors } from '../compat/undici.ts'
import { http } from '../compat/node-http.ts'
import { throwLater } from '../errors/throw-later.ts'
import { isStream, type StreamLike } from '../request/request-body.ts'

/** Takes what a source gives. */
export interface UploadSink {
  /** Whether the source may go on; if not, resume() tells when. */
  write(chunk: unknown): boolean
  end(): void
  fail(error: unknown): void
}

/** Gives a body's chunks to a sink, as fast as the sink wants them. */
export interface UploadSource {
  start(): void
  /** It is to be taken for read, although perhaps nothing of it has come yet. REQUIRES: it was started. */
  claim(): void
  /** The sink, which had answered false, takes more. */
  resume(): void
  /** No more is wanted: destroys a stream, with `error` if there is one, and returns from an iterable. */
  stop(error?: unknown): void
}

/** What `stream.isDisturbed()` looks at first. */
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
      // A stream that was paused explicitly does not start to flow by a listener.
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
      // Who waits for the stream's end is told by an 'error', which must not be unheard of.
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

  // Closed before its end, and no error said why.
  readonly #onClose = (): void => {
    this.stop()
    this.#sink.fail(new errors.RequestAbortedError())
  }

  // A stream that does not go well is not its request's failure, and must not keep that from its end.
  #destroy(error?: unknown): void {
    const stream = this.#stream
    if (stream instanceof http.IncomingMessage) {
      // A server that passes on the request that it serves can still answer it: destroy() would take the connection along.
      Object.assign(stream, { socket: null })
    }
    try {
      stream.destroy?.(error as Error | undefined)
    } catch (error) {
      throwLater(error)
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

  // Its next() was called by start().
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
