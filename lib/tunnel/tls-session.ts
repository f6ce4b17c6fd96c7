import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, type CipherNameAndProtocol, type PeerCertificate } from 'node:tls'
import { verifyError } from '../errors/verify-errors.ts'

/** The TLS session with the peer of a tunnel, and the peer's certificate, in Node's form. */
export class TlsSession {
  readonly protocol: string
  readonly cipher: CipherNameAndProtocol
  /** false if none was negotiated */
  readonly alpnProtocol: string | false
  /** X509_V_ERR_* */
  readonly #verifyError: number
  readonly #der: string
  #certificate: X509Certificate | undefined

  /** `text` is that of the record `tunnelSocket`. */
  constructor(text: string) {
    const [
      protocol = '',
      name = '',
      standardName = '',
      version = '',
      alpn = '',
      error = '',
      ...der
    ] = text.split('\n')
    this.protocol = protocol
    this.cipher = { name, standardName, version }
    this.alpnProtocol = alpn === '' ? false : alpn
    this.#verifyError = Number(error)
    this.#der = der.join('\n')
  }

  get certificate(): X509Certificate | undefined {
    if (this.#certificate === undefined && this.#der !== '') {
      this.#certificate = new X509Certificate(Buffer.from(this.#der, 'latin1'))
    }
    return this.#certificate
  }

  get legacyCertificate(): PeerCertificate | undefined {
    return this.certificate?.toLegacyObject()
  }

  /** Returns Node's error code for the peer's certificate, as one for `host`; null if the certificate is valid. */
  faultFor(host: string): string | null {
    if (this.#verifyError !== 0) {
      return verifyError(this.#verifyError, '').code
    }
    const certificate = this.legacyCertificate
    const error = certificate && checkServerIdentity(host, certificate)
    return error === undefined ? null : ((error as NodeJS.ErrnoException).code ?? error.message)
  }
}
