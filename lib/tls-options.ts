import * as tls from 'node:tls'
import type { SecureVersion } from 'node:tls'
import { errors } from 'undici'
import type { NativeTlsOptions } from './binding/native.ts'

const { InvalidArgumentError, NotSupportedError } = errors

type Pem = string | Buffer

/** What `connect` may hold: those of Node's `tls.connect()` options that are data. */
export interface ConnectOptions {
  /** Longest time for name look-up, TCP and TLS together, in milliseconds; `0`: no limit. Default: `connectTimeout`. */
  timeout?: number | null
  /** Trusted certificates, PEM. Default: Node's, with `NODE_EXTRA_CA_CERTS` and `--use-system-ca`. */
  ca?: Pem | readonly Pem[]
  /** Client certificate chain, PEM. */
  cert?: Pem | readonly [Pem]
  /** Its private key, PEM. */
  key?: Pem | { pem: Pem; passphrase?: string } | readonly [Pem | { pem: Pem; passphrase?: string }]
  passphrase?: string
  /** OpenSSL cipher list for TLS 1.2 and below. */
  ciphers?: string
  /** Name sent as SNI and looked for in the certificate. Default: the origin's host. */
  servername?: string
  /** `false` accepts any certificate, for any name. Default: `true`, unless `NODE_TLS_REJECT_UNAUTHORIZED=0`. */
  rejectUnauthorized?: boolean
  /** Default: `tls.DEFAULT_MIN_VERSION`. */
  minVersion?: SecureVersion
  /** Default: `tls.DEFAULT_MAX_VERSION`. */
  maxVersion?: SecureVersion
  /** `4` for IPv4 only, `0` for both. */
  family?: number
  localAddress?: string | null
  socketPath?: string | null
  autoSelectFamily?: boolean
  autoSelectFamilyAttemptTimeout?: number
  /** Accepted: always on, as in undici. */
  noDelay?: boolean
  /** TCP keep-alive. Accepted. */
  keepAlive?: boolean
  keepAliveInitialDelay?: number
  [option: string]: unknown
}

// A JavaScript callback or handle, or a rule that libcurl cannot be given: to ignore one could weaken security.
const unsupported = [
  'ALPNProtocols',
  'SNICallback',
  'allowPartialTrustChain',
  'checkServerIdentity',
  'clientCertEngine',
  'crl',
  'dhparam',
  'ecdhCurve',
  'hints',
  'lookup',
  'minDHSize',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'requestOCSP',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'session',
  'sigalgs',
  'socket',
]

const versions: Record<SecureVersion, number> = {
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
}

/** Throws for what cannot be honoured, so that nothing is silently less than asked for. */
export function checkConnectOptions(options: ConnectOptions): void {
  for (const name of unsupported) {
    if (options[name] !== undefined && options[name] !== null) {
      throw new NotSupportedError(`connect.${name} is not supported`)
    }
  }
  if (options.family !== undefined && options.family !== 0 && options.family !== 4) {
    throw new NotSupportedError(`connect.family ${options.family} is not supported`)
  }
  if (options.ciphers !== undefined && /\bTLS_/.test(options.ciphers)) {
    throw new NotSupportedError('connect.ciphers cannot select TLS 1.3 cipher suites')
  }
  // Reads and checks all of it; what comes out is made again when it is needed.
  nativeTlsOptions({ ...options, ca: options.ca ?? '' })
}

/** REQUIRES: checkConnectOptions(). Costs about 30 ms once per process when `ca` is not given. */
export function nativeTlsOptions(options: ConnectOptions): NativeTlsOptions {
  const key = single(options.key, 'key')
  const { rejectUnauthorized = process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0' } = options
  const isKeyObject = typeof key === 'object' && key !== null && 'pem' in key
  return {
    ca: options.ca === undefined ? defaultCertificates() : pemList(options.ca, 'ca'),
    cert: pem(single(options.cert, 'cert'), 'cert'),
    key: pem(isKeyObject ? key.pem : key, 'key'),
    passphrase: text(
      (isKeyObject ? key.passphrase : undefined) ?? options.passphrase,
      'passphrase',
    ),
    ciphers: text(options.ciphers, 'ciphers'),
    servername: text(options.servername, 'servername'),
    minVersion: version(options.minVersion ?? tls.DEFAULT_MIN_VERSION, 'minVersion'),
    maxVersion: version(options.maxVersion ?? tls.DEFAULT_MAX_VERSION, 'maxVersion'),
    // As Node has it: anything but a plain false is true.
    rejectUnauthorized: (rejectUnauthorized as unknown) !== false,
  }
}

let defaultPem: string | undefined

function defaultCertificates(): string {
  defaultPem ??= tls.getCACertificates('default').join('\n')
  return defaultPem
}

function pemList(value: unknown, name: string): string {
  return Array.isArray(value) ? value.map((item) => pem(item, name)).join('\n') : pem(value, name)
}

function pem(value: unknown, name: string): string {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString('latin1')
  }
  return text(value, name)
}

function text(value: unknown, name: string): string {
  if (value === undefined || value === null) {
    return ''
  }
  if (typeof value !== 'string' || value.includes('\0')) {
    throw new InvalidArgumentError(`invalid connect.${name}`)
  }
  return value
}

// Node takes several certificates with keys, one for each kind; libcurl takes one.
function single<T>(value: T | readonly T[] | undefined, name: string): T | undefined {
  if (!Array.isArray(value)) {
    return value as T | undefined
  }
  if (value.length > 1) {
    throw new NotSupportedError(`connect.${name} with more than one entry is not supported`)
  }
  return value[0] as T | undefined
}

function version(name: unknown, option: string): number {
  const number = versions[name as SecureVersion]
  if (number === undefined) {
    throw new InvalidArgumentError(`invalid connect.${option}`)
  }
  return number
}
