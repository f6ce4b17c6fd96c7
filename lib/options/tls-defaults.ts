/**
 * What Node's `tls.connect()` reads anew for each connection where its options say nothing. A program may change it at any
 * time: the connections that are made after that obey.
 */
// The module itself: the names of its namespace would stay as they were.
import tls, { type SecureVersion } from 'node:tls'
import { errors } from '../compat/undici.ts'
import { usesOpenSslStore } from '../native/node-flags.ts'

export interface TlsDefaults {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  readonly ciphers: string
  readonly ecdhCurve: string
  /** `NODE_TLS_REJECT_UNAUTHORIZED` is not `0` */
  readonly rejectsUnauthorized: boolean
  /** Node's default certificates, as it gives them; undefined: nobody has asked for them */
  readonly ca: readonly string[] | undefined
}

let last: TlsDefaults | undefined

/** The same object as long as nothing has changed. */
export function tlsDefaults(): TlsDefaults {
  const rejectsUnauthorized = process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0'
  if (
    last === undefined ||
    last.minVersion !== tls.DEFAULT_MIN_VERSION ||
    last.maxVersion !== tls.DEFAULT_MAX_VERSION ||
    last.ciphers !== tls.DEFAULT_CIPHERS ||
    last.ecdhCurve !== tls.DEFAULT_ECDH_CURVE ||
    last.rejectsUnauthorized !== rejectsUnauthorized ||
    last.ca !== knownCas()
  ) {
    last = {
      minVersion: tls.DEFAULT_MIN_VERSION,
      maxVersion: tls.DEFAULT_MAX_VERSION,
      ciphers: tls.DEFAULT_CIPHERS,
      ecdhCurve: tls.DEFAULT_ECDH_CURVE,
      rejectsUnauthorized,
      ca: knownCas(),
    }
  }
  return last
}

const nodesIdentityCheck = tls.checkServerIdentity

/**
 * Throws when a program has put a function of its own in the place of `tls.checkServerIdentity`: libcurl cannot ask it, and
 * what it would refuse must not be taken.
 */
export function refuseOtherIdentityCheck(): void {
  if (tls.checkServerIdentity !== nodesIdentityCheck) {
    throw new errors.NotSupportedError('another tls.checkServerIdentity is not supported')
  }
}

let firstCas: readonly string[] | undefined

/** As of `tls.getCACertificates('default')`; the first call costs Node some 30 ms. */
export function defaultCas(): readonly string[] {
  const now = tls.getCACertificates('default')
  firstCas ??= now
  return now
}

function knownCas(): readonly string[] | undefined {
  return firstCas === undefined ? undefined : defaultCas()
}

/** Where OpenSSL looks for certificates, which Node leaves to it with `--use-openssl-ca`; empty without. */
export function openSslCertificates(): { caFile: string; caPath: string } {
  // tls.setDefaultCACertificates() replaces them.
  const isReplaced =
    defaultCas() !== firstCas || firstCas.length !== tls.getCACertificates('extra').length
  if (!usesOpenSslStore || isReplaced) {
    return { caFile: '', caPath: '' }
  }
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: path } = process.env
  return { caFile: file ?? '/etc/ssl/cert.pem', caPath: path ?? '/etc/ssl/certs' }
}
