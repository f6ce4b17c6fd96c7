import { errors } from '../compat/undici.ts'
import { bareHost } from '../origins/origin-url.ts'
import type { NativeProxyOptions } from '../native/contract.ts'
import { checkConnectOptions, type ConnectOptions } from './connect-options.ts'
import { headerLine, isHeaderValue, isToken } from '../request/request-headers.ts'
import { NoProxy } from './no-proxy.ts'
import { checkTlsOptions, nativeTlsOptions, noTls } from './tls-options.ts'

const { InvalidArgumentError, NotSupportedError } = errors

/** Those of undici's ProxyAgent. */
export interface ProxyOptions {
  /** `http:`, `https:`, `socks5:`, `socks5h:` or `socks:`; a SOCKS proxy finds the address of the host itself. */
  uri: string | URL
  /** The whole value of `proxy-authorization`: `Bearer …`, `Basic …`. Default: made of the uri's user and password. */
  token?: string
  /** What follows `Basic ` in `proxy-authorization`. `token` is preferred. */
  auth?: string
  /** Sent to the proxy, with CONNECT or with each forwarded request. */
  headers?: Record<string, string | string[] | undefined>
  /** TLS with an `https:` proxy. */
  proxyTls?: ConnectOptions | null
  /** TLS with origins through the proxy, where it differs from `connect`. */
  requestTls?: ConnectOptions | null
  /** CONNECT also for plain http; https always goes through a tunnel. Default: `false`, as in undici 8. */
  proxyTunnel?: boolean
  /** Of a SOCKS proxy. Default: the uri's. */
  username?: string
  password?: string
}

/** Of clients that connect directly. */
export const noProxy: NativeProxyOptions = {
  url: '',
  headers: [],
  username: '',
  password: '',
  tunnel: false,
  tls: noTls,
}

const defaultPorts: Record<string, number> = { 'http:': 80, 'https:': 443, 'socks5h:': 1080 }

/** One proxy, checked. Holds secrets: it is shown to nobody. */
export class Proxy {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
  readonly requestTls: ConnectOptions
  readonly #url: string
  readonly #isSocks: boolean
  readonly #tunnelsAll: boolean
  readonly #headers: { text: string }[]
  readonly #username: string
  readonly #password: string
  readonly #tls: ConnectOptions

  constructor(options: ProxyOptions) {
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
    this.requestTls = checkedTls(options.requestTls)
    const { servername } = this.#tls
    if (servername && servername !== this.hostname) {
      throw new NotSupportedError('proxyTls.servername is not supported')
    }
  }

  /** Plain requests are sent to it as they are, with absolute targets. */
  get forwards(): boolean {
    return !this.#isSocks && !this.#tunnelsAll
  }

  native(isTls: boolean): NativeProxyOptions {
    return {
      url: this.#url,
      headers: this.#headers,
      username: this.#username,
      password: this.#password,
      tunnel: !this.#isSocks && (isTls || this.#tunnelsAll),
      tls: this.#url.startsWith('https:') ? nativeTlsOptions(this.#tls) : noTls,
    }
  }
}

/** Which proxy, if any, each origin is reached through. */
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

/** Null: there are none. Throws what is wrong, in undici's words where it has some. */
export function resolveProxies(given: unknown): Proxies | null {
  if (given === undefined || given === null || given === 'none') {
    return null
  }
  if (given === 'env') {
    return proxiesOfEnvironment()
  }
  const options = (
    typeof given === 'string' || given instanceof URL ? { uri: given } : given
  ) as ProxyOptions & { factory?: unknown; clientFactory?: unknown }
  if (typeof options !== 'object' || !options.uri) {
    throw new InvalidArgumentError('Proxy uri is mandatory')
  }
  if (options.factory !== undefined || options.clientFactory !== undefined) {
    throw new NotSupportedError('proxy.factory and proxy.clientFactory are not supported')
  }
  const proxy = new Proxy(options)
  return new Proxies(proxy, proxy, null)
}

function proxiesOfEnvironment(): Proxies | null {
  const { env } = process
  const httpUri = env['http_proxy'] ?? env['HTTP_PROXY']
  const httpsUri = env['https_proxy'] ?? env['HTTPS_PROXY']
  const http = httpUri ? new Proxy({ uri: httpUri }) : null
  const https = httpsUri ? new Proxy({ uri: httpsUri }) : http
  return http === null && https === null ? null : new Proxies(http, https, new NoProxy())
}

// Node's own error would show the whole text, password included.
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
        const text = `${value as number}` // once: an object might say something else the next time
        if (!isHeaderValue(text)) {
          throw new InvalidArgumentError(`invalid ${name} header`)
        }
        lines.push({ text: headerLine(name, text).slice(0, -1) })
      }
    }
  }
  return lines
}

function checkedTls(given: ConnectOptions | null | undefined): ConnectOptions {
  const options = { ...given }
  for (const name of ['lookup', 'socketPath', 'localAddress', 'localPort'] as const) {
    if (options[name]) {
      throw new NotSupportedError(`${name} for the connection to a proxy is not supported`)
    }
  }
  checkConnectOptions(options)
  checkTlsOptions(options)
  return options
}

function withoutNul(text: string): string {
  if (text.includes('\0') || Buffer.byteLength(text) > 255) {
    throw new InvalidArgumentError('Username or password too long')
  }
  return text
}
