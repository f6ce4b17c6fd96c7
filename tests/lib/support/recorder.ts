import { Buffer } from 'node:buffer'
import type { Controller, Handler, ResponseHeaders } from '../../../lib/compat/handler.ts'

/** One call of a handler: its name, and its arguments without the controller. */
export type Call = readonly [name: string, ...values: unknown[]]

type Hooks = Partial<Record<keyof Handler, (controller: Controller) => void>>

/** A handler that records its calls. A hook runs inside the call of its name. */
export class Recorder implements Handler {
  readonly calls: Call[] = []
  controller: Controller | null | undefined
  readonly #hooks: Hooks

  constructor(hooks: Hooks = {}) {
    this.#hooks = hooks
  }

  get names(): string[] {
    return this.calls.map(([name]) => name)
  }

  /** What the terminal onResponseError got. */
  get error(): unknown {
    return this.calls.find(([name]) => name === 'onResponseError')?.[1]
  }

  /** The body so far. */
  get body(): string {
    const chunks = this.calls.filter(([name]) => name === 'onResponseData')
    return chunks.map(([, chunk]) => chunk as string).join('')
  }

  onRequestStart(controller: Controller, context: null): void {
    this.controller = controller
    this.#record('onRequestStart', context)
  }

  onResponseStarted(): void {
    this.#record('onResponseStarted')
  }

  onResponseStart(_: Controller, status: number, headers: ResponseHeaders, text: string): void {
    this.#record('onResponseStart', status, headers, text)
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    this.#record('onResponseData', chunk.toString())
  }

  onResponseEnd(_: Controller, trailers: ResponseHeaders): void {
    this.#record('onResponseEnd', trailers)
  }

  onResponseError(controller: Controller, error: unknown): void {
    this.controller ??= controller
    this.#record('onResponseError', error)
  }

  onBodySent(chunk: unknown): void {
    this.#record('onBodySent', chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : chunk)
  }

  onRequestSent(): void {
    this.#record('onRequestSent')
  }

  #record(name: keyof Handler, ...values: unknown[]): void {
    this.calls.push([name, ...values])
    this.#hooks[name]?.(this.controller as Controller)
  }
}
