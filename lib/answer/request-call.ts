import type { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Controller, Handler, ResponseHeaders } from '../compat/handler.ts'
import { errors } from '../compat/undici.ts'
import { isStream } from '../request/request-body.ts'
import { destroyStream } from '../upload/upload-source.ts'
import { BodyReadable } from './body-readable.ts'
import { BodyState, failedAssertion } from './body-state.ts'
import { follow, unfollow, type Abortable, type Signal } from './followed-signals.ts'
import { rawTexts } from './raw-texts.ts'

const { InvalidArgumentError, RequestAbortedError } = errors

/** Called once, with the response or the error of a call. */
export type Settle = (error: unknown, data: unknown) => void

/** Options of request() that have not been checked. */
export interface RequestOptions {
  readonly signal?: unknown
  readonly method?: unknown
  readonly opaque?: unknown
  readonly body?: unknown
  readonly onInfo?: unknown
  readonly responseHeaders?: unknown
  readonly highWaterMark?: unknown
}

type OnInfo = (info: { statusCode: number; headers: unknown }) => void

/**
 * One call of request(), from its dispatch to the end of its body. It is the handler and the state of the body in one
 * object. The constructor throws undici's errors for invalid options.
 */
export class RequestCall extends BodyState implements Handler, Abortable {
  private readonly method: unknown
  private readonly opaque: unknown
  private readonly responseHeaders: unknown
  private readonly highWaterMark: number | null | undefined
  private readonly onInfo: OnInfo | null
  private readonly trailers: ResponseHeaders = {}
  /** the request's body, which is destroyed if the request fails */
  private source: unknown
  /** null after it was called */
  private settle: Settle | null
  private context: unknown = null
  private signal: Signal | null = null
  /** whether there was a signal when the body came */
  private followsBody = false
  /** the reason of an abort */
  private reason: unknown = null
  /** whether there is a body that takes what comes */
  private isOpen = false

  constructor(given: RequestOptions, settle: Settle) {
    if (!given || typeof given !== 'object') {
      throw new InvalidArgumentError('invalid opts')
    }
    super()
    const { signal, method, opaque, body, onInfo, responseHeaders, highWaterMark } = given
    const wrong = faultOf(settle, highWaterMark, signal, method, onInfo)
    if (wrong !== undefined) {
      const error = new InvalidArgumentError(wrong)
      destroySource(body, error)
      throw error
    }
    this.method = method
    this.opaque = opaque || null
    this.responseHeaders = responseHeaders
    this.highWaterMark = highWaterMark as number | null | undefined
    this.onInfo = (onInfo || null) as OnInfo | null
    this.source = body
    this.settle = settle
    if (signal) {
      this.follow(signal as Signal)
    }
  }

  /** The signal has aborted. */
  abort(reason: unknown): void {
    this.signal = null
    this.reason = reason ?? new RequestAbortedError()
    if (this.isOpen) {
      this.isOpen = false
      this.breakOff(this.reason)
    } else {
      this.controller?.abort(this.reason as Error)
    }
  }

  // Methods of the handler.

  onRequestStart(controller: Controller, context: unknown): void {
    if (this.reason) {
      controller.abort(this.reason as Error)
      return
    }
    if (this.settle === null) {
      throw failedAssertion('assert(this.callback)')
    }
    this.controller = controller
    this.context = context
  }

  onResponseStart(
    controller: Controller,
    statusCode: number,
    given: ResponseHeaders,
    statusText: string,
  ): void {
    const headers = this.responseHeaders === 'raw' ? rawTexts(controller?.rawHeaders) : given
    if (statusCode < 200) {
      this.onInfo?.({ statusCode, headers })
      return
    }
    const body = new BodyReadable(this)
    this.followsBody = this.signal !== null
    const length = given?.['content-length']
    this.controller = controller
    this.begin(body, {
      type: given?.['content-type'],
      length: this.method !== 'HEAD' && length ? Number(length) : 0,
      highWaterMark: this.highWaterMark,
    })
    this.isOpen = true
    const { settle, trailers, opaque, context } = this
    this.settle = null
    if (settle !== null) {
      try {
        settle(null, { statusCode, statusText, headers, trailers, opaque, body, context })
      } catch (error) {
        this.isOpen = false
        this.breakOff(error)
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.isOpen && !this.push(chunk)) {
      controller.pause()
    }
  }

  onResponseEnd(_controller: Controller, trailers: ResponseHeaders): void {
    if (trailers && typeof trailers === 'object') {
      for (const name of Object.keys(trailers)) {
        // An assignment to `__proto__` would set the object's prototype.
        const value = trailers[name]
        Object.defineProperty(this.trailers, name, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }
    }
    if (this.isOpen) {
      this.push(null)
    }
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    const { settle, opaque, source } = this
    if (settle !== null) {
      this.settle = null
      queueMicrotask(() => settle(error, { opaque }))
    }
    if (this.isOpen) {
      this.isOpen = false
      // Later, so that microtasks that are already queued see the body first.
      queueMicrotask(() => this.breakOff(error))
    }
    if (source) {
      this.source = null
      destroySource(source, error)
    }
    this.stopFollowing()
  }

  protected override onClosed(): void {
    this.stopFollowing()
  }

  protected override followReadable(body: Readable): void {
    if (this.followsBody) {
      body.on('close', () => this.stopFollowing())
    }
  }

  private follow(signal: Signal): void {
    const { aborted, reason } = signal as Partial<AbortSignal>
    if (aborted) {
      this.reason = reason ?? new RequestAbortedError()
    } else {
      follow(signal, this)
      this.signal = signal
    }
  }

  private stopFollowing(): void {
    if (this.signal !== null) {
      unfollow(this.signal, this)
      this.signal = null
    }
  }

  private breakOff(error: unknown): void {
    const body = this.body as Readable
    this.becomeReadable()
    body.on('error', ignore)
    if (!body.destroyed) {
      body.destroy(error as Error)
    }
  }
}

// Checks the options in undici's order.
function faultOf(
  settle: unknown,
  highWaterMark: unknown,
  signal: unknown,
  method: unknown,
  onInfo: unknown,
): string | undefined {
  if (typeof settle !== 'function') {
    return 'invalid callback'
  }
  const isSet = highWaterMark !== undefined && highWaterMark !== null
  if (isSet && (!Number.isFinite(highWaterMark) || (highWaterMark as number) < 0)) {
    return 'invalid highWaterMark'
  }
  if (signal && !isSignal(signal)) {
    return 'signal must be an EventEmitter or EventTarget'
  }
  if (method === 'CONNECT') {
    return 'invalid method'
  }
  return onInfo && typeof onInfo !== 'function' ? 'invalid onInfo callback' : undefined
}

function isSignal(given: unknown): given is Signal {
  const { on, addEventListener } = given as { on?: unknown; addEventListener?: unknown }
  return typeof on === 'function' || typeof addEventListener === 'function'
}

function destroySource(body: unknown, error: Error): void {
  if (typeof body === 'object' && body !== null && isStream(body)) {
    body.on('error', ignore)
    try {
      if (!body.destroyed) {
        destroyStream(body, error)
      }
    } catch {
      // This is not the request's failure, and undici does not report it either.
    }
  }
}

function ignore(): void {}
