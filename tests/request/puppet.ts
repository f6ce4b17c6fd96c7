/** A dispatcher that the test controls: each call of its handler is a step of the test. */
import { Buffer } from 'node:buffer'
import { Dispatcher as Base, errors } from 'undici'
import type { Dispatcher } from 'undici'
import { turns } from '../support/wait.ts'

type Handler = Required<Dispatcher.DispatchHandler>
type Controller = Dispatcher.DispatchController

export class Puppet extends Base implements Controller {
  /** What was dispatched, without what is not plain data. */
  readonly dispatched: Record<string, unknown>[] = []
  handler: Handler | undefined
  rawHeaders: Buffer[] | null = null
  rawTrailers: Buffer[] | null = null
  aborted = false
  paused = false
  reason: Error | null = null
  /** Starts the request inside of dispatch(), as most dispatchers do. */
  startsAtOnce = true
  #isOver = false

  override dispatch(
    opts: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.dispatched.push({ ...opts })
    this.handler = handler as Handler
    if (this.startsAtOnce) this.start()
    return true
  }

  start(context: object | null = null): void {
    this.handler?.onRequestStart(this, context)
  }

  head(status = 200, headers: Record<string, string | string[]> = {}, statusText = 'OK'): void {
    const pairs = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().flatMap((each) => [name, each]),
    )
    this.rawHeaders = pairs.map((text) => Buffer.from(text, 'latin1'))
    if (!this.#isOver) this.handler?.onResponseStart(this, status, headers, statusText)
  }

  data(...chunks: (string | Buffer)[]): void {
    for (const chunk of chunks) {
      if (!this.#isOver) this.handler?.onResponseData(this, Buffer.from(chunk))
    }
  }

  end(trailers: Record<string, string> = {}): void {
    if (!this.#isOver) {
      this.#isOver = true
      this.handler?.onResponseEnd(this, trailers)
    }
  }

  fail(error: Error): void {
    if (!this.#isOver) {
      this.#isOver = true
      this.handler?.onResponseError(this, error)
    }
  }

  /** A whole response in one go. */
  respond(text: string | Buffer, headers: Record<string, string | string[]> = {}): void {
    this.head(200, headers)
    this.data(text)
    this.end()
  }

  // The controller.

  abort(reason?: Error): void {
    if (!this.aborted) {
      this.aborted = true
      this.reason = reason as Error
      this.fail(reason ?? new errors.RequestAbortedError())
    }
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  override close(): Promise<void> {
    return Promise.resolve()
  }

  override destroy(): Promise<void> {
    return Promise.resolve()
  }
}

/** Waits until everything that does not need a network has happened. */
export function settled(): Promise<void> {
  return turns(4)
}
