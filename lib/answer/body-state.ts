import { AssertionError } from 'node:assert'
import { Buffer } from 'node:buffer'
import { getDefaultHighWaterMark, Readable } from 'node:stream'
import { errors } from '../compat/undici.ts'
import type { Controller } from '../compat/handler.ts'
import { Consumption, type Shape } from './consumption.ts'
import { isDisturbed } from './disturbed.ts'
import { AbortError, limitOf, readAndDiscard, type Dumped, type DumpOptions } from './dump.ts'
import { close, fill, finish, initReadable, stateOf } from './readable-state.ts'

const { InvalidArgumentError, RequestAbortedError } = errors

/** How many bytes of an unread body are held; beyond that the server must wait. */
const mostUnread = 64 * 1024

/** What is known about a body before it comes. */
export interface BodyTraits {
  /** its content-type */
  readonly type: unknown
  /** its content-length; 0 if there is none */
  readonly length: number
  readonly highWaterMark: number | null | undefined
}

/** A call of dump(), which will drop the received bytes in the next tick. */
interface PendingDump extends Dumped {
  readonly limit: number
}

/**
 * The state of a response's body of request(). It keeps chunks until the program reads the whole body, which needs no
 * stream, or uses the body as a Readable. Then it becomes one, in the state that it would have if it had always been
 * one.
 */
export abstract class BodyState {
  /** of its request; null before that has started and after it has ended */
  protected controller: Controller | null = null
  /** the object that the user has; null before the response has come */
  body: Readable | null = null
  private traits: BodyTraits | null = null

  private isReadable = false
  private chunks: Buffer[] = []
  /** bytes in `chunks` */
  private held = 0
  /** how many bytes are held before the server must wait */
  private mostHeld = mostUnread
  bytesRead = 0
  private hasEnded = false
  /** whether it was read to its end without becoming a Readable */
  private isSpent = false
  /** whether some of it was read without becoming a Readable */
  private isTaken = false
  /** the reading of the whole body; kept when it has ended */
  private consumption: Consumption | null = null
  private dump: PendingDump | null = null
  private wasDropped = false
  private web: ReadableStream | null = null
  /** whether there are listeners for its data */
  private isHeard = false
  private wasHeard = false

  /** Called when the body is closed and nothing more can happen to it. */
  protected abstract onClosed(): void

  /** Throws what the constructor of Readable throws. */
  protected begin(body: Readable, traits: BodyTraits): void {
    this.body = body
    this.traits = traits
    const { highWaterMark } = traits
    if (highWaterMark !== undefined) {
      this.mostHeld = highWaterMark ?? getDefaultHighWaterMark(false)
      if (!Number.isInteger(this.mostHeld)) {
        this.becomeReadable()
      }
    }
  }

  /** `null` ends the body. Returns false if no more bytes are wanted for now. */
  push(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.end()
      return false
    }
    this.bytesRead += chunk.byteLength
    if (this.consumption !== null) {
      this.consumption.push(chunk)
      if (!this.isHeard) {
        return true
      }
    }
    if (this.isReadable) {
      return Readable.prototype.push.call(this.body, chunk)
    }
    this.chunks.push(chunk)
    this.held += chunk.byteLength
    return this.held < this.mostHeld
  }

  private end(): void {
    this.hasEnded = true
    if (this.isReadable) {
      Readable.prototype.push.call(this.body, null)
    } else if (this.consumption !== null) {
      // As a stream's end does. Until then the body can be destroyed, or listened to.
      process.nextTick(spendLater, this)
    }
  }

  /** REQUIRES: the response has come. `hadBegun`: whether the reading of the whole body began in an earlier tick. */
  becomeReadable(hadBegun = true): void {
    if (this.isReadable) {
      return
    }
    this.isReadable = true
    const body = this.body as Readable
    const { highWaterMark = mostUnread } = this.traits as BodyTraits
    const state = initReadable(body, {
      highWaterMark: highWaterMark as number,
      read: () => this.controller?.resume(),
    })
    this.followReadable(body)
    state.dataEmitted = this.isTaken
    if (this.isSpent) {
      finish(state)
      close(state)
      if (this.wasDropped) {
        // The listeners of dump().
        body.on('close', ignore).on('error', ignore).on('data', ignore)
      }
    } else {
      fill(body, this.chunks, this.hasEnded)
    }
    this.chunks = []
    if (this.dump !== null) {
      const { dump } = this
      this.dump = null
      readAndDiscard(body, this, dump.limit, null, dump)
    }
    if (this.consumption !== null) {
      this.attach(this.consumption, hadBegun)
    }
  }

  /** Called when the body becomes a Readable, which may have listeners. */
  protected followReadable(_body: Readable): void {}

  // Used by the methods of the body.

  /** its declared length, or 0 */
  get length(): number {
    return (this.traits as BodyTraits).length
  }

  get contentType(): unknown {
    return this.traits?.type
  }

  /** Whether there were listeners for its data. */
  get isUsed(): boolean {
    return this.wasHeard
  }

  onListening(): void {
    this.isHeard = true
    this.wasHeard = true
  }

  onListenerGone(body: Readable): void {
    this.isHeard = body.listenerCount('data') > 0 || body.listenerCount('readable') > 0
  }

  get isDisturbed(): boolean {
    return this.isReadable ? isDisturbed(this.body as Readable) : this.isTaken
  }

  abortRequest(): void {
    this.controller?.abort(undefined as never)
  }

  asStream(): ReadableStream {
    if (this.web === null) {
      this.becomeReadable()
      this.web = ReadableStream.from(this.body as Readable)
      if (this.consumption !== null) {
        // It stays locked by the method that reads the whole body.
        this.web.getReader()
      }
    }
    return this.web
  }

  consume(shape: Shape): Promise<unknown> {
    if (this.consumption !== null) {
      throw failedAssertion('assert(!stream[kConsume])')
    }
    return new Promise((resolve, reject) => {
      if (this.isUnusable()) {
        this.refuse(reject)
      } else {
        queueMicrotask(() => this.start(new Consumption(shape, resolve, reject)))
      }
    })
  }

  dumpBody(options: DumpOptions | undefined): Promise<null | undefined> {
    const signal = options?.signal
    if (signal !== undefined && signal !== null) {
      if (typeof signal !== 'object' || !('aborted' in signal)) {
        return Promise.reject(new InvalidArgumentError('signal must be an AbortSignal'))
      }
    }
    const limit = limitOf(options)
    if (signal?.aborted) {
      return Promise.reject(signal.reason ?? new AbortError())
    }
    if (this.isSpent || (this.isReadable && stateOf(this.body as Readable).closeEmitted)) {
      return Promise.resolve(null)
    }
    return new Promise((resolve, reject) => {
      if (this.mayDrop(signal, limit)) {
        this.dump = { limit, resolve, reject }
        process.nextTick(() => this.drop())
      } else {
        this.becomeReadable()
        readAndDiscard(this.body as Readable, this, limit, signal, { resolve, reject })
      }
    })
  }

  // Consuming.

  private isUnusable(): boolean {
    return this.isDisturbed || this.web?.locked === true
  }

  private refuse(reject: (error: unknown) => void): void {
    this.becomeReadable()
    const body = this.body as Readable
    const state = stateOf(body)
    if (state.destroyed && !state.closeEmitted) {
      body.on('error', reject).on('close', () => reject(new TypeError('unusable')))
    } else {
      reject(state.errored ?? new TypeError('unusable'))
    }
  }

  private start(consumption: Consumption): void {
    if (this.consumption !== null) {
      // The whole body was asked for twice in the same tick. In undici the second promise fails, and the first never
      // settles.
      consumption.fail(new TypeError('unusable'))
      return
    }
    this.consumption = consumption
    if (this.isReadable) {
      this.attach(consumption, false)
    } else if (this.dump !== null || this.isSpent) {
      this.becomeReadable(false)
    } else {
      this.takeHeld(consumption)
    }
  }

  private takeHeld(consumption: Consumption): void {
    consumption.take(this.chunks, this.held)
    this.chunks = []
    this.isTaken = this.held > 0
    if (this.hasEnded) {
      this.spend()
    } else if (this.held >= this.mostHeld) {
      this.controller?.resume()
    }
    this.held = 0
  }

  /** The body has ended, and somebody waits for it as a whole. */
  spend(): void {
    const { consumption } = this
    if (this.isReadable || this.isSpent || consumption === null) {
      return
    }
    try {
      consumption.end(this.contentType)
    } catch {
      // As a Readable it gets the error again at its end, and is destroyed.
      this.becomeReadable()
      return
    }
    this.close()
  }

  private close(): void {
    this.isSpent = true
    this.controller = null
    this.onClosed()
  }

  // Passes the bytes of the body, which is a Readable, to `consumption`.
  private attach(consumption: Consumption, hadBegun: boolean): void {
    const body = this.body as Readable
    const state = stateOf(body)
    body
      .on('error', (error: unknown) => consumption.fail(error))
      .on('close', () => consumption.fail(new RequestAbortedError()))
    for (const chunk of state.buffer.slice(state.bufferIndex ?? 0)) {
      consumption.push(
        typeof chunk === 'string' ? Buffer.from(chunk, state.encoding as BufferEncoding) : chunk,
      )
    }
    const { decoder } = state
    if (decoder !== null && decoder.lastNeed > 0) {
      // The first bytes of a character whose other bytes have not come yet.
      const { lastChar, lastTotal, lastNeed } = decoder
      consumption.push(Buffer.from(lastChar.subarray(0, lastTotal - lastNeed)))
    }
    const end = (): void => {
      try {
        consumption.end(this.contentType, state.encoding)
      } catch (error) {
        body.destroy(error as Error)
      }
    }
    if (consumption.isOver) {
      body.on('end', end)
      return
    }
    if (state.endEmitted) {
      end()
      return
    }
    body.on('end', end)
    if (hadBegun) {
      state.flowing = true
    } else {
      body.resume()
    }
    while (body.read() !== null) {
      // read() calls the listeners for data.
    }
  }

  // Dumping.

  private mayDrop(signal: AbortSignal | null | undefined, limit: number): boolean {
    return (
      !this.isReadable &&
      this.hasEnded &&
      this.dump === null &&
      (signal === undefined || signal === null) &&
      this.length <= limit &&
      this.bytesRead <= limit
    )
  }

  private drop(): void {
    const { dump } = this
    if (dump !== null) {
      this.dump = null
      this.wasDropped = true
      this.chunks = []
      this.isTaken = this.held > 0
      this.close()
      dump.resolve()
    }
  }
}

/** undici's error for a second reading of the whole body. */
export function failedAssertion(source: string): Error {
  const message = `The expression evaluated to a falsy value:\n\n  ${source}\n`
  const error = new AssertionError({ message, actual: false, expected: true, operator: '==' })
  return Object.assign(error, { generatedMessage: true })
}

function spendLater(state: BodyState): void {
  state.spend()
}

function ignore(): void {}
