import type { ResponseHeaders } from '../compat/handler.ts'
import type { LocalEnd } from '../errors/destination.ts'
import type { NativeClient } from '../native/contract.ts'
import type { Proxy } from '../options/proxy.ts'
import type { Origin } from '../origins/origins.ts'
import type { EncodedRequest } from '../request/encode-request.ts'

// The interfaces through which a PendingRequest uses the objects around it. Those import its class, so it cannot import
// theirs.

/** Feeds native with the body of a request. */
export interface UploadControl {
  onWanted(bytes: number): void
  /** a response head has come, perhaps before native wanted a part of the body */
  onAnswer(): void
  /** `error` is given if the request failed */
  stop(error?: unknown): void
}

/** Turns an upgrade or CONNECT request into a socket when it is answered. */
export interface TunnelControl<Request> {
  /** called with native's description of the connection, before the head that switches */
  onSocket(info: string, tls: string): void
  /** whether a response with this status switches the connection */
  switchesAt(status: number): boolean
  switchTo(request: Request, status: number, headers: ResponseHeaders): void
}

/** The part of the request's table that the request uses. */
export interface RequestHost<Request> {
  readonly client: Pick<NativeClient, 'cancel' | 'pause' | 'resume' | 'setReferenced'>
  readonly local: LocalEnd
  readonly proxy: Proxy | null
  /** null if native makes the connections */
  readonly given: object | null
  /** requests that native has ended, but that have not ended for their handlers, which have paused */
  readonly lingering: Set<Request>
  readonly owner: { onReleased(origin: Origin): void }
  submit(request: Request, encoded: EncodedRequest): void
  release(request: Request): void
  writeBody(id: number, bytes: Uint8Array): void
  endBody(id: number): void
  setSocket(id: number, setting: number, value: number): void
}
