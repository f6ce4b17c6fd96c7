import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Duplex } from 'node:stream'
import type { Controller, Handler, ResponseHeaders } from './handler.ts'

const resourceOptions = { requireManualDestroy: true }

function newResource(): AsyncResource {
  return new AsyncResource('DODICI_REQUEST', resourceOptions)
}

/**
 * Returns a handler whose calls run in the AsyncLocalStorage context of the dispatch. If that context has no stores, it
 * is the handler itself, so most programs pay only for one small object.
 */
export function inContext(handler: Handler): Handler {
  // The handlers of undici's request(), stream() and so on keep their context themselves.
  if (handler instanceof AsyncResource) {
    return handler
  }
  const resource = newResource()
  return hasStores(resource) ? new ContextHandler(handler, resource) : handler
}

/** Returns `next` bound to the context that `first` has. */
export function inContextOf(first: Handler, next: Handler): Handler {
  if (first instanceof ContextHandler) {
    return first.with(next)
  }
  return first instanceof AsyncResource && hasStores(first) ? new ContextHandler(next, first) : next
}

// Node has no function that tells whether there are stores. It keeps them in a resource: since release 24 as one frame,
// before that as a property for each storage. tests/contract/context.test.ts fails if that changes.
const frameKey = Object.getOwnPropertySymbols(newResource()).find(
  ({ description }) => description === 'context_frame',
)
const keepsFrames = frameOfStore() !== undefined

function frameOf(resource: AsyncResource): unknown {
  return frameKey && (resource as unknown as Record<symbol, unknown>)[frameKey]
}

function frameOfStore(): unknown {
  const storage = new AsyncLocalStorage<boolean>()
  const frame = storage.run(true, () => frameOf(newResource()))
  storage.disable()
  return frame
}

function hasStores(resource: AsyncResource): boolean {
  return keepsFrames
    ? frameOf(resource) !== undefined
    : Object.getOwnPropertySymbols(resource).some(
        (key) =>
          key.description === 'kResourceStore' &&
          (resource as unknown as Record<symbol, unknown>)[key] !== undefined,
      )
}

class ContextHandler implements Handler {
  readonly #handler: Handler
  readonly #context: AsyncResource
  readonly onBodySent: Handler['onBodySent']
  readonly onRequestSent: Handler['onRequestSent']

  constructor(handler: Handler, context: AsyncResource) {
    this.#handler = handler
    this.#context = context
    this.onBodySent = handler.onBodySent && ((chunk) => this.#run(handler.onBodySent, chunk))
    this.onRequestSent = handler.onRequestSent && (() => this.#run(handler.onRequestSent))
  }

  /** Returns another handler in the same context. */
  with(handler: Handler): Handler {
    return new ContextHandler(handler, this.#context)
  }

  // It is called inside dispatch(), so the context is right already.
  onRequestStart(controller: Controller, context: null): void {
    this.#handler.onRequestStart(controller, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    socket: Duplex,
  ): void {
    this.#run(this.#handler.onRequestUpgrade, controller, status, headers, socket)
  }

  onResponseStarted(): void {
    if (this.#handler.onResponseStarted !== undefined) {
      this.#run(this.#handler.onResponseStarted)
    }
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    this.#run(this.#handler.onResponseStart, controller, status, headers, statusText)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#run(this.#handler.onResponseData, controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void {
    this.#run(this.#handler.onResponseEnd, controller, trailers)
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.#run(this.#handler.onResponseError, controller, error)
  }

  #run<Args extends unknown[]>(method: ((...args: Args) => void) | undefined, ...args: Args): void {
    this.#context.runInAsyncScope(method as (...args: Args) => void, this.#handler, ...args)
  }
}
