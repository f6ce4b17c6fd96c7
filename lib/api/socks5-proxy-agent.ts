import type { Socket } from 'node:net'
import type * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { lateExport } from '../compat/undici-exports.ts'
import { errors } from '../compat/undici.ts'
import type { AgentOptions } from '../options/agent-options.ts'
import type { ConnectOptions } from '../options/connect-options.ts'
import { needsUndici, Proxies, Proxy, type ProxyOptions } from '../options/proxy.ts'
import { NativeDispatcher } from './native-dispatcher.ts'
import { standIn } from './stand-in.ts'

const { InvalidArgumentError } = errors

/** Options of `new Socks5ProxyAgent()`: the proxy's and an Agent's. */
export interface Socks5ProxyAgentOptions extends Omit<
  AgentOptions,
  'proxy' | 'connect' | 'tls' | 'factory'
> {
  /** User name for the proxy. Default: the one in the URL. */
  username?: string
  /** Password for the proxy. Default: the one in the URL. */
  password?: string
  /** Not sent: SOCKS has no headers. */
  headers?: ProxyOptions['headers']
  /** TLS with the proxy. If it is given, undici does the work, not native code. */
  proxyTls?: ConnectOptions | null
  /** TLS with origins. */
  requestTls?: ConnectOptions | null
  /** Connects to the proxy. If it is given, undici does the work, not native code. */
  connect?: unknown
}

/** Milliseconds, as undici. */
const defaultTimeout = 5000

let hasWarned = false

/** A dispatcher whose requests go through a SOCKS5 proxy, as undici's `Socks5ProxyAgent`. Throws undici's errors. */
export class Socks5ProxyAgent extends NativeDispatcher {
  // A function, so that a printed agent does not show the proxy's password.
  private readonly undiciAgent: () => Dispatcher & ConnectsThroughSocks

  constructor(proxyUrl: string | URL, options?: Socks5ProxyAgentOptions)
  constructor(proxyUrl: string | URL, options?: undici.Socks5ProxyAgent.Options)
  constructor(
    proxyUrl: string | URL,
    given: Socks5ProxyAgentOptions | undici.Socks5ProxyAgent.Options = {},
  ) {
    const options = given as Socks5ProxyAgentOptions
    const makeUndiciAgent = (): Dispatcher & ConnectsThroughSocks =>
      new (lateExport('Socks5ProxyAgent'))(
        proxyUrl,
        given as undici.Socks5ProxyAgent.Options,
      ) as Dispatcher & ConnectsThroughSocks
    const usesUndici =
      Boolean(options.connect || options.proxyTls) ||
      needsUndici({}, () => new Proxy(proxyOf(options)))
    super(
      usesUndici ? plainOptions(options) : nativeOptions(proxyUrl, options),
      undefined,
      usesUndici ? makeUndiciAgent : standIn(options, makeUndiciAgent),
    )
    this.undiciAgent = makeUndiciAgent
  }

  /** Resolves to a Node socket that is connected through the proxy, as undici's method of this name. */
  createSocks5Connection(host: string, port: number): Promise<Socket> {
    return this.undiciAgent().createSocks5Connection(host, port)
  }
}

interface ConnectsThroughSocks {
  createSocks5Connection(host: string, port: number): Promise<Socket>
}

function nativeOptions(proxyUrl: string | URL, options: Socks5ProxyAgentOptions): AgentOptions {
  warnOnce()
  const uri = checkedUrl(proxyUrl)
  const connectTimeout = timeoutOf(options)
  const proxy = new Proxy({ ...proxyOf(options), uri }, true)
  const proxies = new Proxies(proxy, proxy, null) as unknown as ProxyOptions
  return { ...plainOptions(options), connectTimeout, proxy: proxies }
}

function proxyOf({ username, password, requestTls }: Socks5ProxyAgentOptions): ProxyOptions {
  return {
    uri: 'socks5://localhost',
    requestTls: requestTls ?? null,
    ...(username && { username }),
    ...(password && { password }),
  }
}

// Leaves out the proxy's options, and those for direct connections, which this agent never makes.
function plainOptions({
  username: _username,
  password: _password,
  headers: _headers,
  ...options
}: Socks5ProxyAgentOptions): AgentOptions {
  return { ...options, connect: null, socketPath: null, localAddress: null }
}

function checkedUrl(given: string | URL): URL {
  if (!given) {
    throw new InvalidArgumentError('Proxy URL is mandatory')
  }
  const url = typeof given === 'string' ? new URL(given) : given
  if (url.protocol !== 'socks5:' && url.protocol !== 'socks:') {
    throw new InvalidArgumentError('Proxy URL must use socks5:// or socks:// protocol')
  }
  return url
}

// One limit covers it all: the connection to the proxy, the way through it, and TLS.
function timeoutOf({
  connectTimeout = defaultTimeout,
  requestTls,
}: Socks5ProxyAgentOptions): number {
  checkTimeout('connectTimeout', connectTimeout)
  const ofTls = requestTls?.timeout ?? connectTimeout
  checkTimeout('requestTls.timeout', ofTls)
  return ofTls === 0 || connectTimeout === 0 ? 0 : Math.max(ofTls, connectTimeout)
}

function checkTimeout(name: string, value: unknown): void {
  if (!Number.isFinite(value) || (value as number) < 0) {
    throw new InvalidArgumentError(`invalid ${name}`)
  }
}

function warnOnce(): void {
  if (!hasWarned) {
    hasWarned = true
    process.emitWarning(
      'SOCKS5 proxy support is experimental and subject to change',
      'ExperimentalWarning',
    )
  }
}

/** The type that undici has under this name. */
export declare namespace Socks5ProxyAgent {
  export type Options = Socks5ProxyAgentOptions
}
