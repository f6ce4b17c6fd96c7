import type { ResponseHeaders } from '../compat/handler.ts'
import type { LocalEnd } from '../errors/destination.ts'
import type { NativeClient } from '../native/contract.ts'
import type { Proxy } from '../options/proxy.ts'
import type { Origin } from '../origins/origins.ts'
import type { EncodedRequest } from '../request/encode-request.ts'

// What a PendingRequest knows of the objects around it, which know it by its class.

/** What feeds native with the bytes of a request. */
export interface UploadControl {
  onWanted(bytes: number): void
  /** a head has come, perhaps before native wanted anything */
  onAnswer(): void
  /** `error`: what the request failed with */
  stop(error?: unknown): void
}

/** What an upgrade or CONNECT request becomes when it is answered. */
export interface TunnelControl<Request> {
  /** native's word on the connection, before the head that switches */
  onSocket(info: string, tls: string): void
  /** whether an answer of this status switches */
  switchesAt(status: number): boolean
  switchTo(request: Request, status: number, headers: ResponseHeaders): void
}

/** What a request uses of the table that it stands in. */
export interface RequestHost<Request> {
  readonly client: Pick<NativeClient, 'cancel' | 'pause' | 'resume' | 'setReferenced'>
  readonly local: LocalEnd
  readonly proxy: Proxy | null
  /** null: native makes its connections */
  readonly given: object | null
  /** requests that native has ended, but not their handlers, which have paused */
  readonly lingering: Set<Request>
  readonly owner: { onReleased(origin: Origin): void }
  submit(request: Request, encoded: EncodedRequest): void
  release(request: Request): void
  writeBody(id: number, bytes: Uint8Array): void
  endBody(id: number): void
  setSocket(id: number, setting: number, value: number): void
}
