import type { Duplex } from 'node:stream'
import { socketInfo, type SocketInfo } from '../errors/socket-errors.ts'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { TunnelControl } from '../flight/request-parts.ts'
import { TlsSession } from './tls-session.ts'

export type SwitchedSocket = Duplex & { readonly request: PendingRequest }

/** The part of the request table that a tunnel uses. */
export interface SwitchedTable {
  /** From here on native's records for `from` go to the request of `socket`. */
  handOver(from: PendingRequest, socket: SwitchedSocket): void
}

/** The connection of a tunnel, as native describes it. */
export interface TunnelConnection {
  readonly ends: SocketInfo | null
  readonly tls: TlsSession | null
}

/** An upgrade or CONNECT request until its response comes. */
export class Tunnel implements TunnelControl<PendingRequest> {
  readonly #isConnect: boolean
  readonly #table: SwitchedTable
  readonly #open: (connection: TunnelConnection) => SwitchedSocket
  #connection: TunnelConnection = { ends: null, tls: null }

  constructor(
    isConnect: boolean,
    table: SwitchedTable,
    open: (connection: TunnelConnection) => SwitchedSocket,
  ) {
    this.#isConnect = isConnect
    this.#table = table
    this.#open = open
  }

  onSocket(info: string, tls: string): void {
    this.#connection = { ends: socketInfo(info), tls: tls === '' ? null : new TlsSession(tls) }
  }

  /** CONNECT switches at any final status, an upgrade only at 101. */
  switchesAt(status: number): boolean {
    return this.#isConnect || status === 101
  }

  /**
   * Hands the socket to the handler. From here on it is independent of the request: a late abort() does not affect it.
   */
  switchTo(request: PendingRequest, status: number, headers: ResponseHeaders): void {
    const socket = this.#open(this.#connection)
    this.#table.handOver(request, socket)
    request.ended = true
    request.observed?.publishTrailers(null)
    try {
      request.handler.onRequestUpgrade?.(request, status, headers, socket)
    } catch (error) {
      // callError() reports the error, so it does not matter that the socket has no other listener.
      socket.on('error', () => {})
      socket.destroy(error as Error)
      request.callError(error)
    }
  }
}
