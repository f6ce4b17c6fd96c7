import type { LookupFunction } from 'node:net'
import type { SecureVersion } from 'node:tls'
import { inspect } from 'node:util'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError, NotSupportedError } = errors

type Bytes = string | NodeJS.ArrayBufferView

/** The options in `connect`: those of Node's `net.connect()` and `tls.connect()` that are data, and `lookup`. */
export interface ConnectOptions {
  /** Longest time for name look-up, TCP and TLS together, in milliseconds; `0`: no limit. Default: `connectTimeout`. */
  timeout?: number | null
  /** Trusted certificates, PEM. Default: Node's, with `NODE_EXTRA_CA_CERTS` and `--use-system-ca`. */
  ca?: Bytes | readonly Bytes[] | undefined
  /** Client certificate chain, PEM; an array has one for each kind of key. */
  cert?: Bytes | readonly Bytes[] | undefined
  /** Private key of `cert`, PEM. */
  key?: Bytes | readonly (Bytes | { pem: Bytes; passphrase?: string })[] | undefined
  /** Certificate chain, private key and trusted certificates in one: PKCS #12. */
  pfx?: Bytes | readonly (Bytes | { buf: Bytes; passphrase?: string })[] | undefined
  /** The passphrase of `key` or `pfx`. */
  passphrase?: string | undefined
  /** Revocation lists, PEM. If there is one, each certificate in a server's chain needs one. */
  crl?: Bytes | readonly Bytes[] | undefined
  /** OpenSSL cipher list; names that begin with `TLS_` are for TLS 1.3. */
  ciphers?: string | undefined
  /** Names of curves or groups, separated by colons. */
  ecdhCurve?: string | undefined
  /** Signature algorithms, separated by colons. */
  sigalgs?: string | undefined
  /** OpenSSL's `SSL_OP_*`, from `node:constants`. */
  secureOptions?: number | undefined
  /** `true` lets a chain end at any trusted certificate, even if it is not a root. */
  allowPartialTrustChain?: boolean | undefined
  /** The name that is sent as SNI and that the certificate must have. Default: the origin's host. */
  servername?: string | undefined
  /** `false` accepts any certificate, for any name. Default: `true`, unless `NODE_TLS_REJECT_UNAUTHORIZED=0`. */
  rejectUnauthorized?: boolean | undefined
  /** The lowest version of TLS. Default: `tls.DEFAULT_MIN_VERSION`. */
  minVersion?: SecureVersion | undefined
  /** The highest version of TLS. Default: `tls.DEFAULT_MAX_VERSION`. */
  maxVersion?: SecureVersion | undefined
  /** `0` turns resumption of TLS sessions off; any other number keeps as many sessions as libcurl chooses. */
  maxCachedSessions?: number | null | undefined
  /** Finds a host's addresses, as in `net.connect()`. Default: `dns.lookup()`. */
  lookup?: LookupFunction | null | undefined
  /** Flags of `dns.lookup()`. */
  hints?: number | undefined
  /** `4` or `6` uses addresses of that family only, `0` both. */
  family?: number | undefined
  /** Local IP address to connect from. Default: the option of this name beside `connect`. */
  localAddress?: string | null
  /** TCP port to connect from. */
  localPort?: number | null | undefined
  /** Unix socket that leads to every origin. Default: the option of this name beside `connect`. */
  socketPath?: string | null
  /** `false` tries only the first address of a host. Default: Node's, `true`. */
  autoSelectFamily?: boolean | undefined
  /** How long an address is tried before the next one is tried as well, in milliseconds. Default: Node's, 250 or 500. */
  autoSelectFamilyAttemptTimeout?: number | undefined
  /** Accepted, but Nagle's algorithm is always off, as in undici. */
  noDelay?: boolean | undefined
  /** `false` turns TCP keep-alive off. */
  keepAlive?: boolean | null | undefined
  /** How long a connection is idle before TCP keep-alive, in milliseconds. Default: `60_000`. */
  keepAliveInitialDelay?: number | undefined
  [option: string]: unknown
}

// Each of these is a JavaScript callback or handle, or a rule that libcurl does not know. If one is given, Node makes
// the connections. `ALPNProtocols` and `socket` are not here, as undici overwrites them.
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

/** Returns the name of the first option that only Node has, or undefined. */
export function optionOfNodeOnly(options: ConnectOptions): string | undefined {
  const { family } = options
  return family !== undefined && ![0, 4, 6].includes(family)
    ? 'family'
    : ofNodeOnly.find((name) => options[name] !== undefined && options[name] !== null)
}

/** Throws if there is an option that only Node has; for connections that Node cannot make. */
export function refuseOptionsOfNodeOnly(options: ConnectOptions, where: string): void {
  const name = optionOfNodeOnly(options)
  if (name !== undefined) {
    throw new NotSupportedError(`connect.${name} is not supported ${where}`)
  }
}

/** Throws Node's own errors for invalid values. */
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
