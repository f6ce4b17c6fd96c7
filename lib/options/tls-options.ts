import * as tls from 'node:tls'
import type { SecureVersion } from 'node:tls'
import { errors } from '../compat/undici.ts'
import type { NativeSecret, NativeTlsOptions } from '../native/contract.ts'
import type { ConnectOptions } from './connect-options.ts'
import { defaultCas, openSslCertificates, tlsDefaults } from './tls-defaults.ts'
import { isTlsName } from '../request/tls-name.ts'

const { InvalidArgumentError } = errors

const versions: Record<SecureVersion, number> = {
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
}

/** The value for clients that speak no TLS. */
export const noTls: NativeTlsOptions = {
  ca: '',
  caFile: '',
  caPath: '',
  crl: '',
  certs: [],
  keys: [],
  pfxs: [],
  ciphers: '',
  cipherSuites: '',
  curves: '',
  sigalgs: '',
  secureOptions: 0,
  servername: '',
  minVersion: 0,
  maxVersion: 0,
  rejectUnauthorized: true,
  trustsPartialChains: false,
  keepsSessions: true,
}

// The options that Node makes a SecureContext from.
const contextOptions = [
  'allowPartialTrustChain',
  'ca',
  'cert',
  'ciphers',
  'crl',
  'ecdhCurve',
  'key',
  'maxVersion',
  'minVersion',
  'passphrase',
  'pfx',
  'secureOptions',
  'sigalgs',
] as const

/** Throws what Node's tls.connect() would throw: for a wrong type, a bad key or a wrong passphrase. */
export function checkTlsOptions(options: ConnectOptions): void {
  const { servername } = options
  if (
    servername !== undefined &&
    servername !== null &&
    (typeof servername !== 'string' || (servername !== '' && !isTlsName(servername)))
  ) {
    throw new InvalidArgumentError('invalid connect.servername')
  }
  if (contextOptions.some((name) => options[name] !== undefined)) {
    checkContext(options)
  }
}

// Node's own defaults are checked as well.
function checkContext(options: ConnectOptions): void {
  const given = contextOptions.filter((name) => options[name] !== undefined)
  const context = Object.fromEntries(given.map((name) => [name, options[name]]))
  // Without a `ca` Node would read its default ones here, which costs some 30 ms.
  tls.createSecureContext({ ...context, ca: options.ca || [] } as tls.SecureContextOptions)
}

/**
 * Returns the TLS options for native, with Node's current defaults. Throws what Node's tls.connect() would throw for an
 * invalid default. REQUIRES: checkTlsOptions(). Takes about 30 ms once per process if `ca` is not given.
 */
export function nativeTlsOptions(options: ConnectOptions): NativeTlsOptions {
  checkContext(options)
  const defaults = tlsDefaults()
  const { rejectUnauthorized = defaults.rejectsUnauthorized } = options
  const { ciphers, cipherSuites } = splitCiphers(options.ciphers || defaults.ciphers)
  let minVersion = versions[options.minVersion ?? defaults.minVersion]
  const maxVersion = versions[options.maxVersion ?? defaults.maxVersion]
  const curves = options.ecdhCurve ?? defaults.ecdhCurve
  // As in Node: a list without suites of TLS 1.2 allows TLS 1.3 only.
  if (ciphers === '' && maxVersion > versions['TLSv1.2']) {
    minVersion = versions['TLSv1.3']
  }
  const { caFile, caPath } = options.ca ? noTls : openSslCertificates()
  return {
    ca: options.ca ? list(options.ca).map(pem).join('\n') : defaultCertificates(),
    caFile,
    caPath,
    crl: list(options.crl).map(pem).join('\n'),
    certs: list(options.cert).map((cert) => ({ text: pem(cert) })),
    keys: list(options.key).map((key) => secret(key, 'pem', options.passphrase)),
    pfxs: list(options.pfx).map((pfx) => secret(pfx, 'buf', options.passphrase)),
    ciphers,
    cipherSuites,
    curves: curves === 'auto' ? '' : curves,
    sigalgs: options.sigalgs ?? '',
    // Callers combine the bits by `|`, which gives a negative number if the highest bit is set.
    secureOptions: (options.secureOptions ?? 0) >>> 0,
    servername: options.servername ?? '',
    minVersion,
    maxVersion,
    // As in Node, anything but `false` counts as true.
    rejectUnauthorized: (rejectUnauthorized as unknown) !== false,
    trustsPartialChains: Boolean(options.allowPartialTrustChain),
    keepsSessions: options.maxCachedSessions !== 0,
  }
}

let joinedCas: readonly string[] | undefined
let joinedPem = ''

// Node returns the same array until the certificates change.
function defaultCertificates(): string {
  const now = defaultCas()
  if (now !== joinedCas) {
    joinedCas = now
    joinedPem = now.join('\n')
  }
  return joinedPem
}

// Node takes one value or an array, and ignores a falsy value.
function list<T>(value: T | readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? value : value ? [value as T] : []
}

function pem(value: unknown): string {
  return bytes(value).toString('latin1')
}

function bytes(value: unknown): Buffer {
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return Buffer.from(value as string)
}

function secret(value: unknown, field: 'pem' | 'buf', passphrase = ''): NativeSecret {
  const own = value as { pem?: unknown; buf?: unknown; passphrase?: string }
  return { bytes: bytes(own[field] ?? value), passphrase: own.passphrase ?? passphrase }
}

// OpenSSL has a separate list for TLS 1.3; Node takes both in one.
function splitCiphers(given: string): { ciphers: string; cipherSuites: string } {
  const all = given.split(':').filter((name) => name !== '')
  const isSuite = (name: string): boolean => /^!?TLS_/.test(name)
  return {
    ciphers: all.filter((name) => !isSuite(name)).join(':'),
    cipherSuites: all.filter(isSuite).join(':'),
  }
}
