import type { Duplex } from 'node:stream'
import { socketInfo, type SocketInfo } from '../errors/socket-errors.ts'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { TunnelControl } from '../flight/request-parts.ts'
import { TlsSession } from './tls-session.ts'

export type SwitchedSocket = Duplex & { readonly request: PendingRequest }

/** What takes a switched connection over. */
export interface SwitchedTable {
  /** Native's records for `from` are those of `socket`'s request from here on. */
  handOver(from: PendingRequest, socket: SwitchedSocket): void
}

/** The connection of a tunnel, as native tells of it. */
export interface TunnelConnection {
  readonly ends: SocketInfo | null
  readonly tls: TlsSession | null
}

/** An upgrade or CONNECT request, until it is answered. */
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

  /** CONNECT switches at any final status, and an upgrade at 101. */
  switchesAt(status: number): boolean {
    return this.#isConnect || status === 101
  }

  /** The socket is the handler's from here on, and lives on its own: a late abort() leaves it alone. */
  switchTo(request: PendingRequest, status: number, headers: ResponseHeaders): void {
    const socket = this.#open(this.#connection)
    this.#table.handOver(request, socket)
    request.ended = true
    request.observed?.publishTrailers(null)
    try {
      request.handler.onRequestUpgrade?.(request, status, headers, socket)
    } catch (error) {
      // callError() reports it; the socket may have no listener.
      socket.on('error', () => {})
      socket.destroy(error as Error)
      request.callError(error)
    }
  }
}
