import { Buffer } from 'node:buffer'
import { errors } from 'undici'
import type { Destination } from '../errors/errors.ts'
import { throwLater } from '../errors/throw-later.ts'
import { destinationOf } from './destination.ts'
import { rawHeaders } from '../response/response-headers.ts'
import type { Controller, Handler, ResponseHeaders } from '../compat/handler.ts'
import type { Origin } from '../origins/origins.ts'
import type { ObservedRequest } from '../diagnostics/observed-request.ts'
import type { RequestTable } from './request-table.ts'
import { switchTo, type Tunnel, type UploadControl } from '../tunnel/tunnel.ts'

/** An event that came while the handler had paused; null: the end of what a tunnel's peer sends. */
type Held = Buffer | { readonly trailers: ResponseHeaders } | { readonly error: unknown } | null

// One dispatch in flight, and at the same time the controller that its handler gets: one object a request.
// It calls the handler in the order of undici, ends with exactly one terminal call, and lets no exception out.
export class PendingRequest implements Controller {
  readonly handler: Handler
  readonly origin: Origin
  readonly table: RequestTable
  /** native's name for it; 0 as long as, and as soon as, native knows nothing of it */
  id = 0
  submitted = false
  /** of the response */
  isHttp2 = false
  /** the handler has had its terminal call */
  ended = false
  upload: UploadControl | null = null
  tunnel: Tunnel | null = null // of an upgrade or a CONNECT
  /** the name that the server's certificate must be for; empty: the origin's host */
  servername = ''
  /** null unless somebody listens to undici's diagnostics channels */
  observed: ObservedRequest | null = null
  /** to be reported when it is sent */
  bytesBody: Uint8Array | null = null

  aborted = false
  paused = false
  reason: Error | null = null

  private held: Held[] | null = null
  private nativePaused = false

  // Built when asked for. undefined: not yet; null: there are none yet.
  private builtRawHeaders: Buffer[] | null | undefined = null
  private builtRawTrailers: Buffer[] | null | undefined = null
  private rawWords: Uint32Array | null = null
  private rawWordsAt = 0
  private rawCount = 0
  private rawText = ''
  private rawTextAt = 0

  constructor(handler: Handler, origin: Origin, table: RequestTable) {
    this.handler = handler
    this.origin = origin
    this.table = table
  }

  // The controller.
  get rawHeaders(): Buffer[] | null {
    if (this.builtRawHeaders === undefined) {
      this.builtRawHeaders =
        this.rawWords === null
          ? []
          : rawHeaders(this.rawWords, this.rawWordsAt, this.rawCount, this.rawText, this.rawTextAt)
    }
    return this.builtRawHeaders
  }

  set rawHeaders(value: Buffer[] | null) {
    this.builtRawHeaders = value
  }

  get rawTrailers(): Buffer[] | null {
    this.builtRawTrailers ??= this.builtRawTrailers === undefined ? [] : null
    return this.builtRawTrailers
  }

  set rawTrailers(value: Buffer[] | null) {
    this.builtRawTrailers = value
  }

  abort(reason?: unknown): void {
    if (!this.aborted) {
      this.aborted = true
      this.reason = reason as Error
      this.fail(reason || new errors.RequestAbortedError())
    }
  }

  pause(): void {
    if (!this.paused) {
      this.paused = true
      this.pauseNative()
    }
  }

  resume(): void {
    if (!this.paused) {
      return
    }
    this.paused = false
    if (this.held !== null) {
      queueMicrotask(() => this.deliverHeld())
    } else {
      this.resumeNative()
    }
  }

  // The way out.

  get destination(): Destination {
    return destinationOf(this)
  }

  /** Whether to go on: the handler may have aborted, or thrown. */
  start(): boolean {
    try {
      this.handler.onRequestStart(this, null)
    } catch (error) {
      this.fail(error)
    }
    return !this.ended
  }

  onSubmitted(): void {
    this.submitted = true
    if (this.paused) {
      this.pauseNative()
    }
  }

  writeBody(bytes: Uint8Array, chunk: unknown): void {
    if (this.id !== 0) {
      this.table.writeBody(this.id, bytes)
      this.callBodySent(chunk)
    }
  }

  endBody(): void {
    if (this.id !== 0 && !this.ended) {
      this.table.endBody(this.id)
    }
  }

  onUploadTooShort(error: Error, isStrict: boolean): void {
    if (isStrict) {
      this.callRequestSent()
      this.fail(error)
    } else {
      process.emitWarning(error)
    }
  }

  // Native's records.

  onRequestSent(): void {
    if (this.bytesBody !== null) {
      this.callBodySent(this.bytesBody)
      this.bytesBody = null
    }
    this.callRequestSent()
  }

  onResponseStart(status: number, headers: ResponseHeaders, statusText: string): void {
    const { handler } = this
    if (status === 407 && !this.origin.isTls && this.table.proxy?.forwards === true) {
      this.fail(new errors.InvalidArgumentError('Proxy Authentication Required (407)'))
      return
    }
    this.observed?.publishHeaders(status, this.rawHeaders, statusText)
    try {
      if (handler.onResponseStarted !== undefined) {
        handler.onResponseStarted()
        if (this.ended) {
          return
        }
      }
      if (this.tunnel !== null && (this.tunnel.isConnect || status === 101)) {
        switchTo(this.tunnel, this, status, headers)
        return
      }
      handler.onResponseStart(this, status, headers, statusText)
    } catch (error) {
      this.fail(error)
    }
  }

  onData(chunk: Buffer): void {
    if (this.held !== null || this.paused) {
      this.hold(chunk)
      return
    }
    this.callData(chunk)
  }

  onEnd(trailers: ResponseHeaders): void {
    this.upload?.stop()
    if (this.held !== null || this.paused) {
      this.hold({ trailers })
      this.table.lingering.add(this)
      return
    }
    this.ended = true
    if (this.builtRawTrailers === null) {
      this.builtRawTrailers = undefined
    }
    this.observed?.publishTrailers(this.rawTrailers)
    try {
      this.handler.onResponseEnd(this, trailers)
    } catch (error) {
      this.callError(error)
    }
  }

  onPeerEnd(): void {
    if (this.held !== null || this.paused) {
      this.hold(null)
    } else if (!this.ended) {
      this.handler.onResponseEnd(this, {})
    }
  }

  /** `waits`: the peer's end of the connection, which a paused handler meets behind the data before it. */
  onFailed(error: unknown, waits: boolean): void {
    if (waits && (this.held !== null || this.paused)) {
      this.hold({ error })
      this.table.lingering.add(this)
    } else if (this.builtRawHeaders === null) {
      this.fail(error)
    } else {
      this.failLater(error)
    }
  }

  /** The terminal call, unless it was made; native is told to stop. */
  fail(error: unknown): void {
    if (this.stop()) {
      this.callError(error)
    }
  }

  /**
   * Lets nothing more through to the handler, and tells native to stop. True: what remains to be made is the terminal
   * call, by callError().
   */
  stop(): boolean {
    if (this.ended) {
      return false
    }
    this.ended = true
    this.bytesBody = null
    if (this.id !== 0) {
      if (this.submitted) {
        this.table.client.cancel(this.id)
      } else {
        this.table.release(this)
      }
    }
    if (this.held !== null) {
      this.stopLingering()
    }
    this.upload?.stop()
    return true
  }

  // One bad handler must not break the batch for its neighbours: what it throws comes up on its own.
  callError(error: unknown): void {
    this.observed?.publishError(error)
    try {
      // Any value may be thrown, or be a reason to abort; undici's type says Error.
      this.handler.onResponseError(this, error as Error)
    } catch (thrown) {
      throwLater(thrown)
    }
  }

  setRawHeaders(
    words: Uint32Array,
    wordsAt: number,
    count: number,
    text: string,
    textAt: number,
  ): void {
    this.builtRawHeaders = undefined
    this.rawWords = words
    this.rawWordsAt = wordsAt
    this.rawCount = count
    this.rawText = text
    this.rawTextAt = textAt
  }

  private pauseNative(): void {
    if (this.submitted && this.id !== 0 && !this.nativePaused) {
      this.nativePaused = true
      this.table.client.pause(this.id)
    }
  }

  private resumeNative(): void {
    if (this.nativePaused) {
      this.nativePaused = false
      if (this.id !== 0) {
        this.table.client.resume(this.id)
      }
    }
  }

  private hold(event: Held): void {
    this.held ??= []
    this.held.push(event)
  }

  // Native goes on only when all is delivered: otherwise a handler that pauses at every chunk
  // would let in more than it takes.
  private deliverHeld(): void {
    const { held } = this
    if (held === null) {
      return
    }
    while (held.length > 0) {
      if (this.paused || this.ended) {
        return
      }
      this.deliver(held)
    }
    this.held = null
    if (!this.paused) {
      this.resumeNative()
    }
  }

  private deliver(held: Held[]): void {
    const event = held.shift() as Held
    if (Buffer.isBuffer(event)) {
      this.callData(event)
      return
    }
    if (event === null) {
      this.handler.onResponseEnd(this, {})
      return
    }
    this.stopLingering()
    if ('error' in event) {
      this.fail(event.error)
    } else {
      this.onEnd(event.trailers)
    }
  }

  // The head may have come in the same batch. Whoever awaits it, as fetch() does, listens for errors only when the
  // promise jobs have run, and undici's error is an event of its own.
  private failLater(error: unknown): void {
    this.table.lingering.add(this)
    setImmediate(() => {
      this.stopLingering()
      this.fail(error)
    })
  }

  private stopLingering(): void {
    this.held = null
    if (this.table.lingering.delete(this)) {
      this.table.owner.onReleased(this.origin)
    }
  }

  private callData(chunk: Buffer): void {
    this.observed?.publishBodyChunkReceived(chunk)
    try {
      this.handler.onResponseData(this, chunk)
    } catch (error) {
      this.fail(error)
    }
  }

  private callBodySent(chunk: unknown): void {
    this.observed?.publishBodyChunkSent(chunk)
    if (this.handler.onBodySent !== undefined && !this.ended) {
      try {
        this.handler.onBodySent(chunk)
      } catch (error) {
        this.fail(error)
      }
    }
  }

  private callRequestSent(): void {
    this.observed?.publishBodySent()
    if (this.handler.onRequestSent !== undefined && !this.ended) {
      try {
        this.handler.onRequestSent()
      } catch (error) {
        this.fail(error)
      }
    }
  }
}
