import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { errors } from './undici.ts'
import type { Controller, Handler, ResponseHeaders } from './handler.ts'

const { InvalidArgumentError } = errors

/** The handler of undici 6 and 7, and of Node's own fetch up to version 24. */
export interface LegacyMethods {
  onConnect(abort: (reason?: unknown) => void, context: unknown): void
  onUpgrade?(status: number, rawHeaders: Buffer[] | null, socket: unknown): void
  onResponseStarted?(): void
  onHeaders(
    status: number,
    rawHeaders: Buffer[] | null,
    resume: () => void,
    statusText: string,
  ): unknown
  onData(chunk: Buffer): unknown
  onComplete(rawTrailers: Buffer[] | null): void
  onError(error: unknown): void
  onBodySent?(chunk: unknown): void
  onRequestSent?(): void
}

/** Whether a handler has methods of the legacy API, and not those that each modern handler has. */
export function isLegacy(handler: object): boolean {
  const methods = handler as Partial<LegacyMethods & Handler>
  return (
    typeof methods.onRequestStart !== 'function' &&
    typeof methods.onResponseError !== 'function' &&
    (typeof methods.onConnect === 'function' ||
      typeof methods.onError === 'function' ||
      typeof methods.onHeaders === 'function')
  )
}

type Dispatch = (options: Dispatcher.DispatchOptions, handler: object) => boolean

/** Returns a modern handler, as undici 8 uses it. Throws undici 7's error if a method of a legacy one is missing. */
export function modernHandler(
  handler: object,
  { upgrade, method }: { upgrade?: unknown; method?: unknown },
): Handler {
  return isLegacy(handler)
    ? new LegacyHandler(handler, Boolean(upgrade) || method === 'CONNECT')
    : (handler as Handler)
}

/**
 * Calls a `dispatch` that only knows modern handlers. It must itself refuse what is not a handler. undici 7's functions
 * pass legacy handlers and leave `dispatcher` in the options; it stays there if `takes` says so, as interceptors read
 * it.
 */
export function dispatchModern(
  options: Dispatcher.DispatchOptions,
  handler: object,
  dispatch: Dispatch,
  takes: (dispatcher: unknown) => boolean = () => false,
): boolean {
  if (typeof handler !== 'object' || handler === null || !isLegacy(handler)) {
    return dispatch(options, handler)
  }
  let modern: Handler
  try {
    modern = modernHandler(handler, options)
  } catch (error) {
    return refuse(handler, error)
  }
  const { dispatcher, ...rest } = options as typeof options & { dispatcher?: unknown }
  return dispatch(takes(dispatcher) ? options : rest, modern)
}

/** Passes the error of an invalid request to its handler if that has a method for it; else throws it. */
export function refuse(handler: Partial<Handler> & { onError?: unknown }, error: unknown): false {
  if (typeof handler.onResponseError === 'function') {
    handler.onResponseError(null, error as Error)
  } else if (typeof handler.onError === 'function') {
    handler.onError(error)
  } else {
    throw error
  }
  return false
}

/** Makes a modern handler of a legacy one. */
export class LegacyHandler implements Handler {
  readonly #legacy: LegacyMethods
  /** the socket after an upgrade or a CONNECT */
  #socket: Duplex | undefined
  readonly onBodySent: Handler['onBodySent']
  readonly onRequestSent: Handler['onRequestSent']

  /** Throws undici 7's error if a method is missing. */
  constructor(handler: object, isUpgrade: boolean) {
    const legacy = checked(handler, isUpgrade)
    this.#legacy = legacy
    this.onBodySent = legacy.onBodySent && ((chunk) => legacy.onBodySent?.(chunk))
    this.onRequestSent = legacy.onRequestSent && (() => legacy.onRequestSent?.())
  }

  onRequestStart(controller: Controller, context: unknown): void {
    // For undici 6, and 7 up to 7.29, an upgraded connection still belongs to its request: Node's own WebSocket aborts
    // the request to close a connection with a wrong handshake.
    const abort = (reason?: unknown): void => {
      if (this.#socket === undefined) {
        controller.abort(reason as Error)
      } else {
        this.#socket.destroy()
      }
    }
    this.#legacy.onConnect(abort, context)
  }

  onRequestUpgrade(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    socket: Duplex,
  ): void {
    this.#socket = socket
    this.#legacy.onUpgrade?.(status, raw(controller.rawHeaders, headers), socket)
  }

  onResponseStarted(): void {
    this.#legacy.onResponseStarted?.()
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    const resume = (): void => controller.resume()
    const lines = raw(controller.rawHeaders, headers)
    if (this.#legacy.onHeaders(status, lines, resume, statusText) === false) {
      controller.pause()
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#legacy.onData(chunk) === false) {
      controller.pause()
    }
  }

  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void {
    this.#legacy.onComplete(raw(controller.rawTrailers, trailers))
  }

  onResponseError(_controller: Controller | null, error: unknown): void {
    this.#legacy.onError(error)
  }
}

// An interceptor may answer from a cache, for example, with a controller of its own that has no raw headers.
function raw(given: unknown, headers: ResponseHeaders | undefined): Buffer[] {
  if (Array.isArray(given)) {
    return given as Buffer[]
  }
  return Object.entries(headers ?? {}).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [Buffer.from(name), Buffer.from(`${value}`, 'latin1')]),
  )
}

function checked(handler: object, isUpgrade: boolean): LegacyMethods {
  const methods = handler as Record<string, unknown>
  const required = isUpgrade
    ? ['onConnect', 'onError', 'onUpgrade']
    : ['onConnect', 'onError', 'onHeaders', 'onData', 'onComplete']
  for (const name of required) {
    if (typeof methods[name] !== 'function') {
      throw new InvalidArgumentError(`invalid ${name} method`)
    }
  }
  for (const name of ['onBodySent', 'onRequestSent']) {
    if (methods[name] !== undefined && typeof methods[name] !== 'function') {
      throw new InvalidArgumentError(`invalid ${name} method`)
    }
  }
  return handler as LegacyMethods
}
