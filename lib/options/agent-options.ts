import { http } from '../compat/node-http.ts'
import * as net from 'node:net'
import { errors } from '../compat/undici.ts'
import { milliseconds } from '../native/milliseconds.ts'
import type { Dispatcher } from 'undici'
import type { NativeClientOptions } from '../native/contract.ts'
import {
  checkConnectOptions,
  optionOfNodeOnly,
  refuseOptionsOfNodeOnly,
  type ConnectOptions,
} from './connect-options.ts'
import { builtConnectors, connectorsOf, type Connector, type Connectors } from './connector.ts'
import { resolveProxies, type Proxies, type ProxyOptions } from './proxy.ts'
import { checkTlsOptions } from './tls-options.ts'

const { InvalidArgumentError, NotSupportedError } = errors

/** Options of `new Agent()`. All of them are optional. Unknown options are ignored, as in undici. */
export interface AgentOptions {
  /** The highest number of connections per origin; `null` or `0` means no limit. Default: `null`. */
  connections?: number | null
  /**
   * `0` closes each connection after one request. libcurl does not pipeline, so more than 1 acts like 1. Default: `1`.
   */
  pipelining?: number
  /** Offers HTTP/2 to TLS servers. Default: `true`, as undici 8 (undici 7: `false`). */
  allowH2?: boolean
  /**
   * Speaks HTTP/2 to `http:` servers without asking first (h2c with prior knowledge), over TCP or a Unix socket. It has
   * no effect on `https:` servers, nor on requests through a proxy. Default: `false`, as undici.
   */
  useH2c?: boolean
  /** The highest number of streams at a time on one HTTP/2 connection, if the server allows as many. Default: `100`. */
  maxConcurrentStreams?: number
  /** undici's HTTP/2 settings. They win over those of the same name beside `h2Options`. */
  h2Options?: H2Options
  /** The same as `h2Options.settings.initialWindowSize`. */
  initialWindowSize?: number
  /** The same as `h2Options.connectionWindowSize`. */
  connectionWindowSize?: number
  /** The same as `h2Options.pingInterval`. */
  pingInterval?: number
  /** How long an idle connection is kept if its server does not say, in milliseconds. Default: `4000`. */
  keepAliveTimeout?: number
  /** Upper bound of a server's `Keep-Alive: timeout`, in milliseconds. Default: `600_000`. */
  keepAliveMaxTimeout?: number
  /** Subtracted from a server's `Keep-Alive: timeout`, in milliseconds; may be negative. Default: `2000`. */
  keepAliveTimeoutThreshold?: number
  /** Longest wait for a response head, in milliseconds; `0` turns it off. Default: `300_000`. */
  headersTimeout?: number
  /** Longest wait between two body chunks, in milliseconds; `0` turns it off. Default: `300_000`. */
  bodyTimeout?: number
  /** Longest time to connect, name look-up and TLS included, in milliseconds; `0` turns it off. Default: `10_000`. */
  connectTimeout?: number
  /**
   * The most bytes that a response's header names and values may have together. Default: `http.maxHeaderSize`, 16 KiB.
   */
  maxHeaderSize?: number
  /** The most bytes that a response body may have; `-1` means no limit. Default: `-1`. */
  maxResponseSize?: number
  /** The highest number of requests on one connection; `null` or `0` means no limit. Default: `null`. */
  maxRequestsPerClient?: number | null
  /** `false` only warns if a body is longer or shorter than declared. Default: `true`, which fails the request. */
  strictContentLength?: boolean
  /** The highest number of origins that have a connection or request at a time. Default: `Infinity`. */
  maxOrigins?: number
  /** Age at which a connection is replaced, in milliseconds. Default: `null`. */
  clientTtl?: number | null
  /** Local IP address to connect from. */
  localAddress?: string | null
  /** Unix socket that leads to every origin, except those behind a proxy. */
  socketPath?: string | null
  /** `0` turns resumption of TLS sessions off; any other number keeps as many sessions as libcurl chooses. Default: `100`. */
  maxCachedSessions?: number
  /** `false` tries only the first address of a host. Default: Node's, `true`. */
  autoSelectFamily?: boolean
  /** How long an address is tried before the next one is tried as well, in milliseconds. Default: Node's, 250 or 500. */
  autoSelectFamilyAttemptTimeout?: number
  /**
   * How to connect: options of Node's `net.connect()` and `tls.connect()`, or a function that makes each connection.
   * With a function, or with options that only Node has such as `checkServerIdentity`, all bytes pass through
   * JavaScript.
   */
  connect?: ConnectOptions | Connector | null
  /**
   * The proxy to use: its URI, or options as undici's `ProxyAgent` takes them. `'env'` uses the proxies of
   * `http_proxy`, `https_proxy` and `no_proxy`, as `EnvHttpProxyAgent` does; `'none'` uses no proxy. Default: `'none'`.
   * Not in undici.
   */
  proxy?: 'env' | 'none' | (string & {}) | URL | ProxyOptions | null
  /** The same as `connect`, which wins over it. */
  tls?: ConnectOptions | null
  /** Makes the dispatcher of each origin instead of the native client. */
  factory?: (origin: string | URL, options: AgentOptions) => Dispatcher
  /**
   * Limits for undici's WebSocket: `maxFragments` of a message (`131_072`), and `maxPayloadSize` in bytes
   * (`134_217_728`).
   */
  webSocket?: { maxFragments?: number; maxPayloadSize?: number }
  /** Limits for undici's EventSource: `maxEventSize` in bytes (the longest string that Node can make). */
  eventSource?: { maxEventSize?: number }
  /** Aborting it acts as `destroy(signal.reason)`: all requests fail, and new ones are refused. Not in undici. */
  signal?: AbortSignal | null
  /**
   * `'undici'`: undici's own dispatcher does the work where dodici has no addon for the platform, or can't load it; a warning
   * says so once. Default: `DODICI_FALLBACK`; without either the constructor throws. Not in undici.
   */
  fallback?: 'undici' | undefined
  /** How many of the process's loop threads serve this Agent. Default: all. Not in undici. */
  loopThreads?: number
}

export interface H2Options {
  /** The same as `useH2c` beside `h2Options`. */
  useH2c?: boolean
  /**
   * The highest number of streams at a time on one connection, if the server allows as many. Default: `100`, as undici.
   */
  maxConcurrentStreams?: number
  /** How many unread bytes the server may send on a connection. Default: no limit; undici's is `524_288`. */
  connectionWindowSize?: number
  /** Milliseconds between two PING frames on each connection; `0` sends none. Default: `60_000`, as undici. */
  pingInterval?: number
  /**
   * `initialWindowSize`: how many unread bytes the server may send on a stream. Default: `262_144`, as undici. A stream
   * whose bytes are read as they come may get more.
   */
  settings?: { initialWindowSize?: number }
}

/** The options after they were checked and the defaults filled in. */
export interface ResolvedOptions {
  readonly native: Omit<NativeClientOptions, 'tls' | 'proxy' | 'http2PriorKnowledge'>
  readonly connect: ConnectOptions
  /** null if native makes the connections */
  readonly connectors: Connectors | null
  /** null if every origin is reached directly */
  readonly proxies: Proxies | null
  readonly allowH2: boolean
  /** whether connections are kept for further requests */
  readonly keepAlive: boolean
  /** whether requests that go directly to an http origin use HTTP/2 */
  readonly useH2c: boolean
  readonly headersTimeout: number
  readonly bodyTimeout: number
  /** milliseconds until the next address of a host is tried as well; null means Node's default at that moment */
  readonly attemptTimeout: number | null
  readonly strictContentLength: boolean
  readonly maxOrigins: number
}

type Options = AgentOptions & Record<string, unknown>
type Check = readonly [name: string, isValid: (value: unknown) => boolean, message: string]

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isInteger =
  (least: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= least
const isFinite =
  (least: number) =>
  (value: unknown): boolean =>
    Number.isFinite(value) && (value as number) >= least
// As in Node, a NUL at the start makes it a name in Linux's abstract namespace.
const isPath = (value: unknown): boolean =>
  typeof value === 'string' && value !== '\0' && !value.includes('\0', 1)
const isPositive = (value: unknown): boolean => Number.isFinite(value) && (value as number) > 0
const h2Positive = 'must be a positive integer, greater than 0'

// The messages are undici's. null and undefined mean the default.
const checks: readonly Check[] = [
  ['factory', (value) => typeof value === 'function', 'factory must be a function.'],
  [
    'connect',
    (value) => typeof value === 'function' || isObject(value),
    'connect must be a function or an object',
  ],
  ['tls', isObject, 'tls must be an object'],
  [
    'maxOrigins',
    (value) => typeof value === 'number' && value > 0,
    'maxOrigins must be a number greater than 0',
  ],
  ['connections', isFinite(0), 'invalid connections'],
  ['maxHeaderSize', isInteger(1), 'invalid maxHeaderSize'],
  ['socketPath', isPath, 'invalid socketPath'],
  ['connectTimeout', isFinite(0), 'invalid connectTimeout'],
  ['keepAliveTimeout', isPositive, 'invalid keepAliveTimeout'],
  ['keepAliveMaxTimeout', isPositive, 'invalid keepAliveMaxTimeout'],
  ['keepAliveTimeoutThreshold', Number.isFinite, 'invalid keepAliveTimeoutThreshold'],
  ['headersTimeout', isInteger(0), 'headersTimeout must be a positive integer or zero'],
  ['bodyTimeout', isInteger(0), 'bodyTimeout must be a positive integer or zero'],
  ['maxRequestsPerClient', isInteger(0), 'maxRequestsPerClient must be a positive number'],
  [
    'localAddress',
    (value) => typeof value === 'string' && net.isIP(value) !== 0,
    'localAddress must be valid string IP address',
  ],
  ['maxResponseSize', isInteger(-1), 'maxResponseSize must be a positive number'],
  [
    'autoSelectFamilyAttemptTimeout',
    isInteger(-1),
    'autoSelectFamilyAttemptTimeout must be a positive number',
  ],
  ['allowH2', isBoolean, 'allowH2 must be a valid boolean value'],
  ['maxConcurrentStreams', isInteger(1), `maxConcurrentStreams ${h2Positive}`],
  ['useH2c', isBoolean, 'useH2c must be a valid boolean value'],
  ['initialWindowSize', isInteger(1), `initialWindowSize ${h2Positive}`],
  ['connectionWindowSize', isInteger(1), `connectionWindowSize ${h2Positive}`],
  ['pingInterval', isInteger(0), 'pingInterval must be a positive integer, greater or equal to 0'],
  ['h2Options', isObject, 'h2Options must be an object'],
  ['maxCachedSessions', isInteger(0), 'maxCachedSessions must be a positive integer or zero'],
  ['webSocket', isObject, 'webSocket must be an object'],
  ['eventSource', isObject, 'eventSource must be an object'],
  ['signal', (value) => value instanceof AbortSignal, 'signal must be an AbortSignal'],
  ['loopThreads', isInteger(1), 'loopThreads must be a positive integer'],
]

const h2Checks: readonly Check[] = [
  ['useH2c', isBoolean, 'h2Options.useH2c must be a valid boolean value'],
  ['maxConcurrentStreams', isInteger(1), `h2Options.maxConcurrentStreams ${h2Positive}`],
  ['settings', isObject, 'h2Options.settings must be an object'],
  ['connectionWindowSize', isInteger(1), `h2Options.connectionWindowSize ${h2Positive}`],
  [
    'pingInterval',
    isInteger(0),
    'h2Options.pingInterval must be a positive integer, greater or equal to 0',
  ],
]

const h2SettingsChecks: readonly Check[] = [
  ['initialWindowSize', isInteger(1), `h2Options.settings.initialWindowSize ${h2Positive}`],
]

const connectChecks: readonly Check[] = checks.filter(([name]) =>
  [
    'socketPath',
    'localAddress',
    'autoSelectFamilyAttemptTimeout',
    'allowH2',
    'maxCachedSessions',
  ].includes(name),
)

const renamed: readonly (readonly [old: string, now: string])[] = [
  ['keepAlive', 'use pipelining=0 instead'],
  ['socketTimeout', 'use headersTimeout & bodyTimeout instead'],
  ['requestTimeout', 'use headersTimeout & bodyTimeout instead'],
  ['idleTimeout', 'use keepAliveTimeout instead'],
  ['maxKeepAliveTimeout', 'use keepAliveMaxTimeout instead'],
]

/** Throws undici's error for the first invalid option, so that no dispatch() has to check the options. */
export function resolveOptions(given: AgentOptions): ResolvedOptions {
  if (!isObject(given)) {
    throw new InvalidArgumentError('options must be an object')
  }
  const options = given as Options
  for (const [old, now] of renamed) {
    if (options[old] !== undefined) {
      throw new InvalidArgumentError(`unsupported ${old}, ${now}`)
    }
  }
  checkAll(options, checks)
  const h2 = (options.h2Options ?? {}) as H2Options & Record<string, unknown>
  checkAll(h2, h2Checks)
  checkAll({ ...h2.settings }, h2SettingsChecks)
  if (options.socketPath && process.platform === 'win32') {
    throw new NotSupportedError('socketPath is not supported on Windows')
  }
  const { autoSelectFamily, maxCachedSessions } = options
  const connect: ConnectOptions = {
    autoSelectFamily,
    maxCachedSessions,
    ...options.tls,
    ...(typeof options.connect === 'function' ? {} : options.connect),
  }
  checkAll(connect, connectChecks)
  checkConnectOptions(connect)
  checkTlsOptions(connect)
  const proxies = resolveProxies(options.proxy)
  const connectors = resolveConnectors(options, connect)
  if (proxies !== null && connectors !== null) {
    refuseOptionsOfNodeOnly(connect, 'together with proxy')
    throw new NotSupportedError('a connect function is not supported together with proxy')
  }
  const attempt = connect.autoSelectFamilyAttemptTimeout ?? options.autoSelectFamilyAttemptTimeout
  // In Node -1 means the default, and the least value is 10.
  const attemptTimeout = attempt === undefined || attempt === -1 ? null : Math.max(attempt, 10)
  return {
    native: nativeOptions(options, h2, connect, attemptTimeout, connectors !== null),
    attemptTimeout,
    connect,
    connectors,
    proxies,
    allowH2: options.allowH2 ?? (connect['allowH2'] as boolean | undefined) ?? true,
    keepAlive: options.pipelining !== 0,
    useH2c: (connect['useH2c'] ?? h2.useH2c ?? options.useH2c) === true,
    headersTimeout: options.headersTimeout ?? 300_000,
    bodyTimeout: options.bodyTimeout ?? 300_000,
    strictContentLength: options.strictContentLength ?? true,
    maxOrigins: options.maxOrigins ?? Infinity,
  }
}

// Returns null if libcurl can make the connections, for which it needs no JavaScript.
function resolveConnectors(options: Options, connect: ConnectOptions): Connectors | null {
  if (typeof options.connect === 'function') {
    return connectorsOf(options.connect, options)
  }
  return optionOfNodeOnly(connect) === undefined ? null : builtConnectors(options)
}

function nativeOptions(
  options: Options,
  h2: H2Options,
  connect: ConnectOptions,
  attemptTimeout: number | null,
  socketsAreGiven: boolean,
): ResolvedOptions['native'] {
  return {
    connections: Math.floor(options.connections ?? 0),
    maxConcurrentStreams: h2.maxConcurrentStreams ?? options.maxConcurrentStreams ?? 100,
    streamWindow: windowSize(
      h2.settings?.initialWindowSize ?? options.initialWindowSize ?? 262_144,
    ),
    connectionWindow: windowSize(h2.connectionWindowSize ?? options.connectionWindowSize ?? 0),
    pingInterval: milliseconds(h2.pingInterval ?? options.pingInterval ?? 60_000),
    maxHeaderSize: options.maxHeaderSize ?? http.maxHeaderSize,
    maxRequestsPerConnection: options.maxRequestsPerClient ?? 0,
    maxResponseSize: options.maxResponseSize ?? -1,
    connectTimeout: milliseconds(connectTimeout(connect) ?? options.connectTimeout ?? 10_000),
    streamTimeout: milliseconds(options.headersTimeout ?? 300_000),
    keepAliveTimeout: milliseconds(options.keepAliveTimeout ?? 4000),
    keepAliveTimeoutThreshold: threshold(options.keepAliveTimeoutThreshold ?? 2000),
    keepAliveMaxTimeout: milliseconds(options.keepAliveMaxTimeout ?? 600_000),
    clientTtl: milliseconds(Math.max(options.clientTtl ?? 0, 0)),
    happyEyeballsTimeout: attemptTimeout ?? net.getDefaultAutoSelectFamilyAttemptTimeout(),
    socketsAreGiven,
    keepAlive: true, // a request says by its own flag that its connection closes
    ipv4Only: connect.family === 4,
    tcpKeepAlive: connect.keepAlive ?? true,
    tcpKeepAliveDelay: tcpKeepAliveDelay(connect),
    localPort: connect.localPort ?? 0,
    localAddress: connect.localAddress ?? options.localAddress ?? '',
    socketPath: connect.socketPath ?? options.socketPath ?? '',
    loopThreads: options.loopThreads ?? 0,
  }
}

// The largest window that HTTP/2 has (RFC 9113, 6.9.1).
function windowSize(bytes: number): number {
  return Math.min(bytes, 0x7fffffff)
}

// Rounded down, so that the server's timeout minus the threshold is rounded up.
function threshold(time: number): number {
  return Math.max(Math.min(Math.floor(time), 0xffffffff), -0xffffffff)
}

// Node's setKeepAlive() reads it in the same way.
function tcpKeepAliveDelay({ keepAliveInitialDelay = 60_000 }: ConnectOptions): number {
  return keepAliveInitialDelay > 0 ? milliseconds(keepAliveInitialDelay) : 0
}

function connectTimeout({ timeout }: ConnectOptions): number | undefined {
  if (timeout !== undefined && timeout !== null && !isFinite(0)(timeout)) {
    throw new InvalidArgumentError('invalid connectTimeout')
  }
  return timeout ?? undefined
}

function checkAll(options: Record<string, unknown>, list: readonly Check[]): void {
  for (const [name, isValid, message] of list) {
    const value = options[name]
    if (value !== undefined && value !== null && !isValid(value)) {
      throw new InvalidArgumentError(message)
    }
  }
}
