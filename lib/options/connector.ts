import type { Duplex } from 'node:stream'
import type { buildConnector as Build } from 'undici'
import { buildConnector } from '../compat/undici.ts'

/** What a connector is told, as undici tells it. */
export interface ConnectorOptions {
  /** with the port, where it is not the scheme's own */
  host: string
  /** an IPv6 address stands without brackets */
  hostname: string
  protocol: string
  /** empty: the scheme's own */
  port: string
  /** the name that the request asks TLS for; null: it asks for none */
  servername: string | null
  localAddress: string | null
  socketPath?: string | null
  allowH2?: boolean
}

export type ConnectorCallback = (error: Error | null, socket?: Duplex | null) => void

/** Makes a connection, and calls back once: with a socket that is connected, and has done with TLS, or with an error. */
export type Connector = (options: ConnectorOptions, callback: ConnectorCallback) => unknown

/** The connectors of an Agent: some requests must not use HTTP/2. */
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

/** Of an Agent's options, what is for its connections. */
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

/** Connectors that call the user's own function, as undici's Client does. */
export function connectorsOf(connect: Connector, options: ConnectionOptions): Connectors {
  const socketPath = options.socketPath ?? undefined
  const more = socketPath === undefined ? {} : { socketPath }
  const make =
    (allowH2: boolean | undefined): Connector =>
    (given, callback) =>
      connect({ ...given, ...more, ...(allowH2 === undefined ? {} : { allowH2 }) }, callback)
  return new Connectors(make, options.allowH2)
}

/** Connectors that Node's `net` and `tls` serve, with all the options of `connect`. */
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
