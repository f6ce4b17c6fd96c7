import type { Duplex } from 'node:stream'
import type { buildConnector as Build } from 'undici'
import { buildConnector } from '../compat/undici.ts'

/** The first argument of a connector, as undici passes it. */
export interface ConnectorOptions {
  /** with the port, unless it is the scheme's default */
  host: string
  /** without the brackets of an IPv6 address */
  hostname: string
  protocol: string
  /** empty for the scheme's default */
  port: string
  /** the TLS name that the request asks for; null if it asks for none */
  servername: string | null
  localAddress: string | null
  socketPath?: string | null
  allowH2?: boolean
}

export type ConnectorCallback = (error: Error | null, socket?: Duplex | null) => void

/** Makes a connection and calls back once: with a connected socket whose TLS handshake is done, or with an error. */
export type Connector = (options: ConnectorOptions, callback: ConnectorCallback) => unknown

/** The connectors of an Agent. There are two, because some requests must not use HTTP/2. */
export class Connectors {
  readonly #make: (allowH2: boolean | undefined) => Connector
  readonly #allowH2: boolean | undefined
  #own: Connector | undefined
  #http1: Connector | undefined

  constructor(make: (allowH2: boolean | undefined) => Connector, allowH2: boolean | undefined) {
    this.#make = make
    this.#allowH2 = allowH2
  }

  get(mayUseHttp2: boolean): Connector {
    if (mayUseHttp2) {
      this.#own ??= this.#make(this.#allowH2)
      return this.#own
    }
    this.#http1 ??= this.#make(false)
    return this.#http1
  }
}

/** Those options of an Agent that concern its connections. */
export interface ConnectionOptions {
  connect?: unknown
  tls?: object | null
  allowH2?: boolean
  useH2c?: boolean
  h2Options?: { useH2c?: boolean } | null
  socketPath?: string | null
  maxCachedSessions?: number
  connectTimeout?: number
  autoSelectFamily?: boolean
  autoSelectFamilyAttemptTimeout?: number
}

/** Returns connectors that call the user's own function, as undici's Client does. */
export function connectorsOf(connect: Connector, options: ConnectionOptions): Connectors {
  const socketPath = options.socketPath ?? undefined
  const more = socketPath === undefined ? {} : { socketPath }
  const make =
    (allowH2: boolean | undefined): Connector =>
    (given, callback) =>
      connect({ ...given, ...more, ...(allowH2 === undefined ? {} : { allowH2 }) }, callback)
  return new Connectors(make, options.allowH2)
}

/** Returns connectors that use Node's `net` and `tls` with all options of `connect`. */
export function builtConnectors(options: ConnectionOptions): Connectors {
  const { maxCachedSessions, socketPath, connectTimeout, autoSelectFamily } = options
  const { autoSelectFamilyAttemptTimeout, h2Options } = options
  const family =
    typeof autoSelectFamily === 'boolean'
      ? { autoSelectFamily, autoSelectFamilyAttemptTimeout }
      : undefined
  const make = (allowH2: boolean | undefined): Connector => {
    const all = {
      ...options.tls,
      maxCachedSessions,
      allowH2,
      socketPath,
      useH2c: h2Options?.useH2c ?? options.useH2c,
      timeout: connectTimeout,
      ...family,
      ...(options.connect as object),
    }
    return buildConnector(all as Build.BuildOptions) as unknown as Connector
  }
  return new Connectors(make, options.allowH2)
}
