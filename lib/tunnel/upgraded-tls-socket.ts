import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { Upload } from '../upload/upload.ts'
import type { TlsSession } from './tls-session.ts'
import type { TunnelConnection } from './tunnel.ts'
import { UpgradedSocket } from './upgraded-socket.ts'

/** What a `TLSSocket` tells of its connection. Renegotiation, sessions and keying material are not to be had. */
export class UpgradedTlsSocket extends UpgradedSocket {
  readonly encrypted = true
  /** false: an IP address was asked for */
  readonly servername: string | false
  readonly #session: TlsSession
  readonly #host: string
  #authorizationError: string | null | undefined

  constructor(
    request: PendingRequest,
    connection: TunnelConnection,
    body: Upload | null,
    session: TlsSession,
  ) {
    super(request, connection, body)
    this.#session = session
    this.#host = request.servername || request.origin.hostname
    this.servername = isIP(this.#host) === 0 ? this.#host : false
  }

  get alpnProtocol(): string | false {
    return this.#session.alpnProtocol
  }

  get authorized(): boolean {
    return this.authorizationError === null
  }

  /** Node's code for what is wrong with the peer's certificate; only where `rejectUnauthorized` is false. */
  get authorizationError(): string | null {
    if (this.#authorizationError === undefined) {
      this.#authorizationError = this.#session.faultFor(this.#host)
    }
    return this.#authorizationError
  }

  getProtocol(): string {
    return this.#session.protocol
  }

  getCipher(): CipherNameAndProtocol {
    return this.#session.cipher
  }

  /** The peer's own certificate, without those above it. */
  getPeerCertificate(): PeerCertificate | object {
    return this.#session.legacyCertificate ?? {}
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    return this.#session.certificate
  }
}

/** The socket of a request whose connection has switched. `body`: what was streamed, if anything was. */
export function openSocket(
  request: PendingRequest,
  connection: TunnelConnection,
  body: Upload | null,
): UpgradedSocket {
  if (connection.tls !== null) {
    return new UpgradedTlsSocket(request, connection, body, connection.tls)
  }
  const socket = new UpgradedSocket(request, connection, body)
  // A `connect` function has made the connection: its TLS is not native's.
  return request.origin.isTls ? Object.assign(socket, { encrypted: true }) : socket
}
