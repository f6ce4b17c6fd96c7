import type { Buffer } from 'node:buffer'
import { errors } from '../compat/undici.ts'
import type { ConnectionWish } from '../connector/given-connections.ts'
import type { Destination } from '../errors/destination.ts'
import { throwLater } from '../errors/throw-later.ts'
import type { HeaderBlock } from '../response/header-block.ts'
import type { RecordReceiver } from '../response/batch-reader.ts'
import type { RequestHost, TunnelControl, UploadControl } from './request-parts.ts'
import { HeldEvents, type HeldEvent } from './held-events.ts'
import type { Controller, Handler, ResponseHeaders } from '../compat/handler.ts'
import { bareHost } from '../origins/origin-url.ts'
import type { Origin } from '../origins/origins.ts'
import type { ObservedRequest } from '../diagnostics/observed-request.ts'

// One dispatch in flight. It is also the controller that the handler gets, so that a request takes one object only. It
// calls the handler in undici's order, makes exactly one terminal call, and lets no exception out.
export class PendingRequest implements Controller, RecordReceiver {
  readonly handler: Handler
  readonly origin: Origin
  readonly table: RequestHost<PendingRequest>
  /** native's id of the request; 0 before native knows it and after native has ended it */
  id = 0
  submitted = false
  isHttp2 = false
  encodedSize = -1
  /** whether the handler has had its terminal call */
  ended = false
  upload: UploadControl | null = null
  /** the connection that the request needs; null if native makes it */
  wish: ConnectionWish | null = null
  /** null unless this is an upgrade or a CONNECT */
  tunnel: TunnelControl<PendingRequest> | null = null
  /** the name that the server's certificate must have; empty for the origin's host */
  servername = ''
  /** null unless undici's diagnostics channels have subscribers, or lines are wanted on stderr */
  observed: ObservedRequest | null = null
  /** the body, if the handler must be told when it is sent */
  bytesBody: Uint8Array | null = null

  aborted = false
  paused = false
  reason: Error | null = null

  /** the head of the response; null before it has come */
  private head: HeaderBlock | null = null
  private hasResponseEnded = false
  private held: HeldEvents | null = null
  private nativePaused = false
  // undefined until somebody asks for them
  private builtRawHeaders: Buffer[] | null | undefined = undefined
  private builtRawTrailers: Buffer[] | null = null

  constructor(handler: Handler, origin: Origin, table: RequestHost<PendingRequest>) {
    this.handler = handler
    this.origin = origin
    this.table = table
  }

  // Methods of the controller.
  get rawHeaders(): Buffer[] | null {
    if (this.builtRawHeaders === undefined && this.head !== null) {
      this.builtRawHeaders = this.head.raw()
    }
    return this.builtRawHeaders ?? null
  }

  set rawHeaders(value: Buffer[] | null) {
    this.builtRawHeaders = value
  }

  /** null until the response has ended, unless it has trailers */
  get rawTrailers(): Buffer[] | null {
    if (this.builtRawTrailers === null && this.hasResponseEnded) {
      this.builtRawTrailers = []
    }
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

  // The request, on its way out.

  get destination(): Destination {
    const { hostname, port, addresses } = this.origin
    const address = addresses === '' || addresses.includes(',') ? undefined : bareHost(addresses)
    const { local, proxy } = this.table
    return { hostname, port, servername: this.servername || hostname, address, local, proxy }
  }

  /** Whether native has ended the request while its handler, which has paused, has not seen the end. */
  get isLingering(): boolean {
    return this.table.lingering.has(this)
  }

  /** Returns false if the handler has aborted the request or thrown. */
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
    if (this.id !== 0 && (!this.ended || this.hasResponseEnded)) {
      this.table.endBody(this.id)
    }
  }

  onUploadTooShort(error: Error, isStrict: boolean): void {
    if (isStrict) {
      this.callRequestSent()
      this.onUploadFailed(error)
    } else {
      process.emitWarning(error)
    }
  }

  // Records of native.

  onRequestSent(): void {
    if (this.bytesBody !== null) {
      this.callBodySent(this.bytesBody)
      this.bytesBody = null
    }
    this.callRequestSent()
  }

  onResponseStart(
    status: number,
    head: HeaderBlock,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    const { handler } = this
    this.head = head
    this.builtRawHeaders = undefined
    if (status === 407 && !this.origin.isTls && this.table.proxy?.forwards === true) {
      this.fail(new errors.InvalidArgumentError('Proxy Authentication Required (407)'))
      return
    }
    this.upload?.onAnswer()
    this.observed?.publishHeaders(status, this.rawHeaders, statusText, this.isHttp2)
    try {
      if (handler.onResponseStarted !== undefined) {
        handler.onResponseStarted()
        if (this.ended) {
          return
        }
      }
      if (this.tunnel !== null && this.tunnel.switchesAt(status)) {
        this.tunnel.switchTo(this, status, headers)
        return
      }
      if (this.nativePaused) {
        this.table.client.pause(this.id, true)
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
    if (this.id === 0) {
      this.upload?.stop()
    }
    this.bytesBody = null
    if (this.held !== null || this.paused) {
      this.hold({ trailers })
      this.table.lingering.add(this)
      return
    }
    this.ended = true
    this.hasResponseEnded = true
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
      this.callPeerEnd()
    }
  }

  /** `waits`: the error comes after data that a paused handler has yet to receive. */
  onFailed(error: unknown, waits: boolean): void {
    if (waits && (this.held !== null || this.paused)) {
      this.hold({ error })
      this.table.lingering.add(this)
    } else if (this.head === null) {
      this.fail(error)
    } else {
      this.failLater(error)
    }
  }

  /** The rest of the body cannot be sent. If the response is complete, only native is told. */
  onUploadFailed(error: unknown): void {
    if (this.ended && this.id !== 0) {
      this.table.client.cancel(this.id)
    }
    this.fail(error)
  }

  /** Makes the terminal call, unless it was made, and tells native to stop. */
  fail(error: unknown): void {
    if (this.stop(error)) {
      this.callError(error)
    }
  }

  /**
   * Stops all calls of the handler, and tells native to stop. `error` is what the body's stream is destroyed with. If
   * this returns true, the caller must make the terminal call, by callError().
   */
  stop(error: unknown): boolean {
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
    this.upload?.stop(error)
    return true
  }

  // If the handler throws, the error becomes an uncaught exception, as it must not break the batch for other requests.
  callError(error: unknown): void {
    this.observed?.publishError(error)
    try {
      // undici's type says Error, but any value may be thrown, or given to abort().
      this.handler.onResponseError(this, error as Error)
    } catch (thrown) {
      throwLater(thrown)
    }
  }

  private pauseNative(): void {
    if (this.submitted && this.id !== 0 && !this.nativePaused) {
      this.nativePaused = true
      this.table.client.pause(this.id, this.head !== null && this.tunnel === null)
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

  private hold(event: HeldEvent): void {
    this.held ??= new HeldEvents()
    this.held.add(event)
  }

  // Native resumes once all is delivered; else a handler that pauses at each chunk would be sent more than it reads.
  private deliverHeld(): void {
    if (this.held === null || !this.held.deliver(this)) {
      return
    }
    this.held = null
    if (!this.paused) {
      this.resumeNative()
    }
  }

  /** Called by HeldEvents for the last event. */
  onHeldEnd(trailers: ResponseHeaders): void {
    this.stopLingering()
    this.onEnd(trailers)
  }

  onHeldFailure(error: unknown): void {
    this.stopLingering()
    this.fail(error)
  }

  // The head may have come in the same batch. A program that awaits it, such as fetch(), only listens for errors after
  // the microtasks; undici's error comes as an event of its own.
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

  callPeerEnd(): void {
    this.handler.onResponseEnd(this, {})
  }

  callData(chunk: Buffer): void {
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
