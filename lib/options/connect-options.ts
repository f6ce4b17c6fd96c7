import type { LookupFunction } from 'node:net'
import type { SecureVersion } from 'node:tls'
import { inspect } from 'node:util'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError, NotSupportedError } = errors

type Bytes = string | NodeJS.ArrayBufferView

/** What `connect` may hold: those of Node's `net.connect()` and `tls.connect()` options that are data, and `lookup`. */
export interface ConnectOptions {
  /** Longest time for name look-up, TCP and TLS together, in milliseconds; `0`: no limit. Default: `connectTimeout`. */
  timeout?: number | null
  /** Trusted certificates, PEM. Default: Node's, with `NODE_EXTRA_CA_CERTS` and `--use-system-ca`. */
  ca?: Bytes | readonly Bytes[] | undefined
  /** Client certificate chain, PEM; several for several kinds of keys. */
  cert?: Bytes | readonly Bytes[] | undefined
  /** Its private key, PEM. */
  key?: Bytes | readonly (Bytes | { pem: Bytes; passphrase?: string })[] | undefined
  /** Certificate chain, private key and trusted certificates in one: PKCS #12. */
  pfx?: Bytes | readonly (Bytes | { buf: Bytes; passphrase?: string })[] | undefined
  /** Of `key` or `pfx`. */
  passphrase?: string | undefined
  /** Revocation lists, PEM. With one, each certificate of a server needs one. */
  crl?: Bytes | readonly Bytes[] | undefined
  /** OpenSSL cipher list; the names that begin with `TLS_` are those of TLS 1.3. */
  ciphers?: string | undefined
  /** Curves or groups, by name, with colons between. */
  ecdhCurve?: string | undefined
  /** Signature algorithms, with colons between. */
  sigalgs?: string | undefined
  /** OpenSSL's `SSL_OP_*`, from `node:constants`. */
  secureOptions?: number | undefined
  /** `true` lets a trusted certificate end a chain that is no root. */
  allowPartialTrustChain?: boolean | undefined
  /** Name sent as SNI and looked for in the certificate. Default: the origin's host. */
  servername?: string | undefined
  /** `false` accepts any certificate, for any name. Default: `true`, unless `NODE_TLS_REJECT_UNAUTHORIZED=0`. */
  rejectUnauthorized?: boolean | undefined
  /** Default: `tls.DEFAULT_MIN_VERSION`. */
  minVersion?: SecureVersion | undefined
  /** Default: `tls.DEFAULT_MAX_VERSION`. */
  maxVersion?: SecureVersion | undefined
  /** `0`: sessions are not resumed; else libcurl's own number of them is kept. */
  maxCachedSessions?: number | null | undefined
  /** Finds a host's addresses, as in `net.connect()`. Default: `dns.lookup()`. */
  lookup?: LookupFunction | null | undefined
  /** Flags of `dns.lookup()`. */
  hints?: number | undefined
  /** `4` or `6` for one kind of addresses only, `0` for both. */
  family?: number | undefined
  localAddress?: string | null
  /** TCP port to connect from. */
  localPort?: number | null | undefined
  socketPath?: string | null
  /** `false`: only the first address of a host is tried. Default: Node's, `true`. */
  autoSelectFamily?: boolean | undefined
  autoSelectFamilyAttemptTimeout?: number | undefined
  /** Accepted: always on, as in undici. */
  noDelay?: boolean | undefined
  /** `false` turns TCP keep-alive off. */
  keepAlive?: boolean | null | undefined
  /** How long a connection is idle before TCP keep-alive, in milliseconds. Default: `60_000`. */
  keepAliveInitialDelay?: number | undefined
  [option: string]: unknown
}

// A JavaScript callback or handle, or a rule that libcurl cannot be given: where there is one Node makes the connections.
// Not here: `ALPNProtocols` and `socket`, which undici overwrites.
const ofNodeOnly = [
  'SNICallback',
  'blockList',
  'checkServerIdentity',
  'clientCertEngine',
  'dhparam',
  'enableTrace',
  'minDHSize',
  'onread',
  'path',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'requestOCSP',
  'secureContext',
  'secureProtocol',
  'session',
  'signal',
  'ticketKeys',
]

/** The first option that libcurl has no counterpart for; undefined: there is none. */
export function optionOfNodeOnly(options: ConnectOptions): string | undefined {
  const { family } = options
  return family !== undefined && ![0, 4, 6].includes(family)
    ? 'family'
    : ofNodeOnly.find((name) => options[name] !== undefined && options[name] !== null)
}

/** Throws for what only Node can honour, where Node cannot make the connection. */
export function refuseOptionsOfNodeOnly(options: ConnectOptions, where: string): void {
  const name = optionOfNodeOnly(options)
  if (name !== undefined) {
    throw new NotSupportedError(`connect.${name} ${where} is not supported`)
  }
}

/** Throws Node's own errors for what is wrong. */
export function checkConnectOptions({ lookup, localPort }: ConnectOptions): void {
  if (lookup !== undefined && lookup !== null && typeof lookup !== 'function') {
    throw typeError('lookup', 'function', lookup)
  }
  if (localPort !== undefined && localPort !== null) {
    if (typeof localPort !== 'number') {
      throw typeError('localPort', 'number', localPort)
    }
    if (!Number.isInteger(localPort) || localPort < 0 || localPort > 0xffff) {
      throw new InvalidArgumentError('invalid connect.localPort')
    }
  }
}

function typeError(name: string, type: string, value: unknown): TypeError {
  const message = `The "options.${name}" property must be of type ${type}. Received type ${typeof value} (${inspect(value)})`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}
