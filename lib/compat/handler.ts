import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { IncomingHttpHeaders } from 'undici/types/header.js'

/** Lets a handler control its request. It is the same object in all calls of one dispatch. */
export type Controller = Dispatcher.DispatchController

export type ResponseHeaders = IncomingHttpHeaders

/** undici's handler. The required methods were checked; the others may be missing. */
export interface Handler {
  onRequestStart(controller: Controller, context: null): void
  onRequestUpgrade?(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    socket: Duplex,
  ): void
  onResponseStarted?(): void
  onResponseStart(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void
  onResponseData(controller: Controller, chunk: Buffer): void
  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void
  onResponseError(controller: Controller | null, error: Error): void
  onBodySent?: ((chunk: unknown) => void) | undefined
  onRequestSent?: (() => void) | undefined
}
