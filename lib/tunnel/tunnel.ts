import type { Duplex } from 'node:stream'
import { socketInfo, type SocketInfo } from '../errors/errors.ts'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { PendingRequest } from '../flight/pending-request.ts'

/** What feeds native with bytes. */
export interface UploadControl {
  onWanted(bytes: number): void
  stop(): void
}

/** What an upgrade or CONNECT request becomes when it is answered. */
export class Tunnel {
  /** any final status switches, not only 101 */
  readonly isConnect: boolean
  readonly #open: (ends: SocketInfo | null) => SwitchedSocket
  #ends: SocketInfo | null = null

  constructor(isConnect: boolean, open: (ends: SocketInfo | null) => SwitchedSocket) {
    this.isConnect = isConnect
    this.#open = open
  }

  /** Native's word on the connection, before the head that switches. */
  onSocket(info: string): void {
    this.#ends = socketInfo(info)
  }

  open(): SwitchedSocket {
    return this.#open(this.#ends)
  }
}

export type SwitchedSocket = Duplex & { readonly request: PendingRequest }

/** The socket is the handler's from here on, and lives on its own: a late abort() leaves it alone. */
export function switchTo(
  tunnel: Tunnel,
  request: PendingRequest,
  status: number,
  headers: ResponseHeaders,
): void {
  const socket = tunnel.open()
  request.table.handOver(request, socket)
  request.ended = true
  request.observed?.publishTrailers(null)
  try {
    request.handler.onRequestUpgrade?.(request, status, headers, socket)
  } catch (error) {
    // Told by the call below; the socket may have no listener.
    socket.on('error', () => {})
    socket.destroy(error as Error)
    request.callError(error)
  }
}
