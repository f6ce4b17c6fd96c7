import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import { errors } from '../compat/undici.ts'
import { bareHost } from '../origins/origin-url.ts'
import type {
  NativeClientOptions,
  NativeProxyOptions,
  NativeTlsOptions,
} from '../native/contract.ts'
import {
  checkConnectOptions,
  refuseOptionsOfNodeOnly,
  type ConnectOptions,
} from './connect-options.ts'
import { isHeaderValue, isToken } from '../request/request-headers.ts'
import { NoProxy } from './no-proxy.ts'
import { checkTlsOptions, nativeTlsOptions, noTls } from './tls-options.ts'

const { InvalidArgumentError, NotSupportedError } = errors

/** The options of undici's ProxyAgent that concern the proxy. */
export interface ProxyOptions {
  /** `http:`, `https:`, `socks5:`, `socks5h:` or `socks:`; a SOCKS proxy looks the host's address up itself. */
  uri: string | URL
  /**
   * The whole value of `proxy-authorization`: `Bearer …`, `Basic …`. Default: made from the user and password of `uri`.
   */
  token?: string
  /** The part after `Basic ` in `proxy-authorization`. Prefer `token`. */
  auth?: string
  /** Headers for the proxy, sent with CONNECT or with each forwarded request. */
  headers?: Record<string, string | string[] | undefined>
  /** Options of the connection to the proxy: its local end, and TLS with an `https:` proxy. */
  proxyTls?: ConnectOptions | null
  /** Options of TLS with origins through the proxy, if they differ from `connect`. */
  requestTls?: ConnectOptions | null
  /** Uses CONNECT for plain http too; https always goes through a tunnel. Default: `false`, as in undici 8. */
  proxyTunnel?: boolean
  /** User name for a SOCKS proxy. Default: the one in `uri`. */
  username?: string
  /** Password for a SOCKS proxy. Default: the one in `uri`. */
  password?: string
  /** Makes the dispatcher of each origin. If it is given, undici does the work, not native code. */
  factory?: (origin: URL, options: object) => Dispatcher
  /** Makes the client that connects to the proxy. If it is given, undici does the work, not native code. */
  clientFactory?: (origin: URL, options: object) => Dispatcher
}

type LocalOptions = Pick<NativeClientOptions, 'localAddress' | 'localPort' | 'socketPath'>

/** The value for clients that connect directly. */
export const noProxy: NativeProxyOptions = {
  url: '',
  headers: [],
  username: '',
  password: '',
  tunnel: false,
  tls: noTls,
}

const defaultPorts: Record<string, number> = { 'http:': 80, 'https:': 443, 'socks5h:': 1080 }

/** One proxy, checked. It holds secrets, so its fields are private. */
export class Proxy {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
  readonly #requestTls: ConnectOptions
  readonly #replacesConnect: boolean
  readonly #url: string
  readonly #isSocks: boolean
  readonly #tunnelsAll: boolean
  readonly #headers: { text: string }[]
  readonly #username: string
  readonly #password: string
  readonly #tls: ConnectOptions

  /** `replacesConnect`: TLS with origins uses `requestTls` alone and ignores the Agent's `connect`. */
  constructor(options: ProxyOptions, replacesConnect = false) {
    const url = parseUri(options.uri)
    const protocol = url.protocol.startsWith('socks') ? 'socks5h:' : url.protocol
    this.hostname = bareHost(url.hostname)
    this.port = Number(url.port) || (defaultPorts[protocol] as number)
    this.#url = `${protocol}//${url.hostname}:${this.port}`
    this.#isSocks = protocol === 'socks5h:'
    this.#tunnelsAll = options.proxyTunnel === true
    const username = decodeURIComponent(url.username)
    const password = decodeURIComponent(url.password)
    this.#headers = this.#isSocks ? [] : headerLines(options, username, password)
    this.#username = this.#isSocks ? withoutNul(options.username || username) : ''
    this.#password = this.#isSocks ? withoutNul(options.password || password) : ''
    this.#tls = checkedTls(options.proxyTls)
    this.#requestTls = checkedTls(options.requestTls)
    this.#replacesConnect = replacesConnect
    checkProxyTls(options, this.hostname, url.protocol)
  }

  /** Whether plain http requests are sent to the proxy itself, with absolute targets. */
  get forwards(): boolean {
    return !this.#isSocks && !this.#tunnelsAll
  }

  /** Returns the options for TLS with origins through the proxy; `connect` are the Agent's own. */
  connectTo(connect: ConnectOptions): ConnectOptions {
    return this.#replacesConnect ? this.#requestTls : { ...connect, ...this.#requestTls }
  }

  /** Returns the local end of connections to the proxy. By default it is that of all connections. */
  localEnd({ localAddress, localPort }: LocalOptions): LocalOptions {
    return {
      localAddress: this.#tls.localAddress ?? localAddress,
      localPort: this.#tls.localPort ?? localPort,
      socketPath: '',
    }
  }

  /** The options for looking up the proxy's own address. */
  get lookupOptions(): Pick<ConnectOptions, 'lookup' | 'hints' | 'family' | 'autoSelectFamily'> {
    return this.#tls
  }

  get speaksTls(): boolean {
    return this.#url.startsWith('https:')
  }

  native(isTls: boolean): Omit<NativeProxyOptions, 'tls'> {
    return {
      url: this.#url,
      headers: this.#headers,
      username: this.#username,
      password: this.#password,
      tunnel: !this.#isSocks && (isTls || this.#tunnelsAll),
    }
  }

  /** Returns the TLS options for the proxy itself, with Node's current defaults. */
  nativeTls(): NativeTlsOptions {
    return this.speaksTls ? nativeTlsOptions(this.#tls) : noTls
  }
}

/** Finds the proxy, if any, for each origin. */
export class Proxies {
  readonly #http: Proxy | null
  readonly #https: Proxy | null
  readonly #except: NoProxy | null

  constructor(http: Proxy | null, https: Proxy | null, except: NoProxy | null) {
    this.#http = http
    this.#https = https
    this.#except = except
  }

  find(url: URL): Proxy | null {
    const proxy = url.protocol === 'https:' ? this.#https : this.#http
    return proxy !== null && this.#except?.excepts(url) === true ? null : proxy
  }
}

/** Returns null if there is no proxy. Throws if the options are invalid, with undici's message where it has one. */
export function resolveProxies(given: unknown): Proxies | null {
  if (given === undefined || given === null || given === 'none') {
    return null
  }
  if (given instanceof Proxies) {
    return given
  }
  if (given === 'env') {
    return proxiesOfEnvironment({})
  }
  const proxy = new Proxy(proxyOptions(given))
  return new Proxies(proxy, proxy, null)
}

/** Returns the options of a proxy, for which a URI alone is enough. Throws undici's error if there is none. */
export function proxyOptions(given: unknown): ProxyOptions {
  const options = (
    typeof given === 'string' || given instanceof URL ? { uri: given } : given
  ) as ProxyOptions | null
  if (typeof options !== 'object' || !options?.uri) {
    throw new InvalidArgumentError('Proxy uri is mandatory')
  }
  return options
}

/** The options of undici's EnvHttpProxyAgent that replace variables of the environment. */
export interface EnvironmentProxyOptions extends Omit<ProxyOptions, 'uri'> {
  /** URI of the proxy for `http:` origins. Default: `http_proxy`, or else `HTTP_PROXY`. */
  httpProxy?: string | undefined
  /** URI of the proxy for `https:` origins. Default: `https_proxy`, or else `HTTPS_PROXY`, or else that for `http:`. */
  httpsProxy?: string | undefined
  /** Hosts that are reached directly. Default: `no_proxy`, or else `NO_PROXY`, read at each request. */
  noProxy?: string | undefined
}

/** Returns null if there is no proxy. */
export function proxiesOfEnvironment(
  { httpProxy, httpsProxy, noProxy, ...options }: EnvironmentProxyOptions,
  replacesConnect = false,
): Proxies | null {
  const { env } = process
  const httpUri = httpProxy ?? env['http_proxy'] ?? env['HTTP_PROXY']
  const httpsUri = httpsProxy ?? env['https_proxy'] ?? env['HTTPS_PROXY']
  const make = (uri: string): Proxy => new Proxy({ ...options, uri }, replacesConnect)
  const http = httpUri ? make(httpUri) : null
  const https = httpsUri ? make(httpsUri) : http
  return http === null && https === null ? null : new Proxies(http, https, new NoProxy(noProxy))
}

/**
 * Whether the options ask for something that only undici's own agents can do. `make` makes the proxies, and throws if
 * native cannot serve them. Never throws.
 */
export function needsUndici(
  { factory, clientFactory }: Pick<ProxyOptions, 'factory' | 'clientFactory'>,
  make: () => unknown,
): boolean {
  if (factory !== undefined || clientFactory !== undefined) {
    return true
  }
  try {
    make()
    return false
  } catch (error) {
    return error instanceof NotSupportedError
  }
}

// Node's own error would show the whole URI, including its password.
function parseUri(uri: string | URL): URL {
  if (!URL.canParse(String(uri))) {
    throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' })
  }
  const url = new URL(uri)
  if (!['http:', 'https:', 'socks:', 'socks5:', 'socks5h:'].includes(url.protocol)) {
    throw new InvalidArgumentError(
      'Invalid URL protocol: the URL must start with `http:` or `https:`.',
    )
  }
  const isHttp = url.protocol.startsWith('http')
  if (isHttp && (url.pathname !== '/' || url.search !== '' || url.hash !== '')) {
    throw new InvalidArgumentError('invalid url')
  }
  return url
}

function headerLines(
  options: ProxyOptions,
  username: string,
  password: string,
): { text: string }[] {
  if (options.auth && options.token) {
    throw new InvalidArgumentError('opts.auth cannot be used in combination with opts.token')
  }
  const headers = { ...options.headers }
  if (options.auth) {
    headers['proxy-authorization'] = `Basic ${options.auth}`
  } else if (options.token) {
    headers['proxy-authorization'] = options.token
  } else if (username) {
    const both = Buffer.from(`${username}:${password}`).toString('base64')
    headers['proxy-authorization'] = `Basic ${both}`
  }
  const lines: { text: string }[] = []
  for (const [name, values] of Object.entries(headers)) {
    if (!isToken(name)) {
      throw new InvalidArgumentError('invalid header key')
    }
    for (const value of (Array.isArray(values) ? values : [values]) as unknown[]) {
      if (value !== undefined) {
        const text = `${value as number}` // converted once, as an object could return another text the next time
        if (!isHeaderValue(text)) {
          throw new InvalidArgumentError(`invalid ${name} header`)
        }
        lines.push({ text: text.trim() === '' ? `${name};` : `${name}: ${text}` })
      }
    }
  }
  return lines
}

function checkedTls(given: ConnectOptions | null | undefined): ConnectOptions {
  const options = { ...given }
  const { localAddress } = options
  if (localAddress && isIP(localAddress) === 0) {
    throw new InvalidArgumentError('localAddress must be valid string IP address')
  }
  refuseOptionsOfNodeOnly(options, 'for the connection to a proxy')
  checkConnectOptions(options)
  checkTlsOptions(options)
  return options
}

// libcurl always uses the proxy's host name as its TLS name, and speaks no TLS with a SOCKS proxy.
function checkProxyTls({ proxyTls }: ProxyOptions, hostname: string, protocol: string): void {
  if (proxyTls && protocol.startsWith('socks')) {
    throw new NotSupportedError('TLS with a SOCKS proxy is not supported')
  }
  const { servername, socketPath } = proxyTls ?? {}
  if (protocol === 'https:' && servername && servername !== hostname) {
    throw new NotSupportedError('proxyTls.servername is not supported')
  }
  if (socketPath) {
    throw new NotSupportedError('proxyTls.socketPath is not supported')
  }
}

function withoutNul(text: string): string {
  if (text.includes('\0') || Buffer.byteLength(text) > 255) {
    throw new InvalidArgumentError('Username or password too long')
  }
  return text
}
