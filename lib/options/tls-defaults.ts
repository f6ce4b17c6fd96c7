/**
 * The defaults that Node's `tls.connect()` reads again for each connection. A program may change them at any time, and
 * later connections obey.
 */
// The default export, because named imports would not show values that are assigned later.
import tls, { type SecureVersion } from 'node:tls'
import { errors } from '../compat/undici.ts'
import { usesOpenSslStore } from '../native/node-flags.ts'

export interface TlsDefaults {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  readonly ciphers: string
  readonly ecdhCurve: string
  /** whether `NODE_TLS_REJECT_UNAUTHORIZED` is not `0` */
  readonly rejectsUnauthorized: boolean
  /** Node's default certificates, in the array that Node returns; undefined until they are needed */
  readonly ca: readonly string[] | undefined
}

let last: TlsDefaults | undefined

/** Returns the same object as long as nothing has changed. */
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
 * Throws if a program has replaced `tls.checkServerIdentity`: libcurl cannot call that function, and must not accept a
 * certificate that it would refuse.
 */
export function refuseOtherIdentityCheck(): void {
  if (tls.checkServerIdentity !== nodesIdentityCheck) {
    throw new errors.NotSupportedError('a replaced tls.checkServerIdentity is not supported')
  }
}

let firstCas: readonly string[] | undefined

/** Returns `tls.getCACertificates('default')`. The first call takes Node some 30 ms. */
export function defaultCas(): readonly string[] {
  const now = tls.getCACertificates('default')
  firstCas ??= now
  return now
}

function knownCas(): readonly string[] | undefined {
  return firstCas === undefined ? undefined : defaultCas()
}

/** Returns where OpenSSL itself looks for certificates if Node runs with `--use-openssl-ca`; else empty strings. */
export function openSslCertificates(): { caFile: string; caPath: string } {
  // A call of tls.setDefaultCACertificates() replaces them.
  const isReplaced =
    defaultCas() !== firstCas || firstCas.length !== tls.getCACertificates('extra').length
  if (!usesOpenSslStore || isReplaced) {
    return { caFile: '', caPath: '' }
  }
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: path } = process.env
  return { caFile: file ?? '/etc/ssl/cert.pem', caPath: path ?? '/etc/ssl/certs' }
}
