import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { Upload } from '../upload/upload.ts'
import type { TlsSession } from './tls-session.ts'
import type { TunnelConnection } from './tunnel.ts'
import { UpgradedSocket } from './upgraded-socket.ts'

/**
 * An upgraded socket with the TLS properties of a `TLSSocket`. It lacks renegotiation, sessions and keying material.
 */
export class UpgradedTlsSocket extends UpgradedSocket {
  readonly encrypted = true
  /** false if the host is an IP address */
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

  /** Node's error code for the peer's certificate; not null only if `rejectUnauthorized` is false. */
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

  /** The peer's own certificate, without its issuers. */
  getPeerCertificate(): PeerCertificate | object {
    return this.#session.legacyCertificate ?? {}
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    return this.#session.certificate
  }
}

/** Makes the socket of a request whose connection has switched. `body` is the request's body, if that is a stream. */
export function openSocket(
  request: PendingRequest,
  connection: TunnelConnection,
  body: Upload | null,
): UpgradedSocket {
  if (connection.tls !== null) {
    return new UpgradedTlsSocket(request, connection, body, connection.tls)
  }
  const socket = new UpgradedSocket(request, connection, body)
  // Without a native session, a `connect` function has made the connection and its TLS.
  return request.origin.isTls ? Object.assign(socket, { encrypted: true }) : socket
}
