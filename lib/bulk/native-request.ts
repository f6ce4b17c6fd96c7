import type { Dispatcher } from 'undici'
import { defaultDispatcher } from '../api/default-dispatcher.ts'
import { nativeHost, type NativeHost } from '../api/native-dispatcher.ts'
import { errors } from '../compat/undici.ts'
import { findAddresses } from '../dispatch/address-lookup.ts'
import type { Destination } from '../errors/destination.ts'
import { clientOptions } from '../flight/native-clients.ts'
import { TlsFollower } from '../flight/tls-follower.ts'
import { RequestFlag, type NativeClientOptions } from '../native/contract.ts'
import type { NativeDownloadOptions } from '../native/download-contract.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import type { Proxy } from '../options/proxy.ts'
import { Origin } from '../origins/origins.ts'
import { encodeRequest, type EncodedRequest } from '../request/encode-request.ts'
import { requestBody } from '../request/request-body.ts'
import { requestMethod } from '../request/request-checks.ts'
import { RequestDraft } from '../request/request-draft.ts'
import { requestHeaders } from '../request/request-headers.ts'
import { tlsName } from '../request/tls-name.ts'
import type { HeaderPair } from './header-pairs.ts'

const { ClientClosedError, ClientDestroyedError, InvalidArgumentError, NotSupportedError } = errors

/** A GET in native's form, and the client that sends it. */
export interface NativeRequest {
  readonly client: NativeClientOptions
  readonly request: Pick<
    NativeDownloadOptions,
    'text' | 'allowHttp2' | 'closeConnection' | 'headersTimeout' | 'bodyTimeout'
  >
  readonly to: Destination
}

/**
 * Returns what a download uses of the dispatcher. Throws if it is closed, if it is not one of ours, or if something
 * between it and native would have to see the requests.
 */
export function hostOf(dispatcher: Dispatcher | undefined): NativeHost {
  const used = dispatcher ?? defaultDispatcher()
  const host = nativeHost(used)
  if (host === undefined || host.options.connectors !== null) {
    throw new NotSupportedError(
      'dispatcher must be an Agent, Pool or Client of dodici, without interceptors and without a connect function',
    )
  }
  checkOpen(used)
  return host
}

/** Throws if the dispatcher is closed or destroyed. */
export function checkOpen(dispatcher: Dispatcher): void {
  const { closed, destroyed } = dispatcher as unknown as { closed: boolean; destroyed: boolean }
  if (destroyed) {
    throw new ClientDestroyedError()
  }
  if (closed) {
    throw new ClientClosedError()
  }
}

/** A GET in native's form, and the TLS name if it is not the origin's host. */
export interface EncodedGet {
  readonly encoded: EncodedRequest
  readonly servername: string
}

/**
 * Encodes a GET. `headers` are names and values in turns. Without `addresses` native asks for them. Throws undici's
 * errors for invalid headers.
 */
export function encodeGet(
  { allowH2, keepAlive, headersTimeout, bodyTimeout, useH2c }: ResolvedOptions,
  origin: Origin,
  proxy: Proxy | null,
  target: string,
  headers: readonly string[],
  addresses = '',
): EncodedGet {
  const checked = requestHeaders(headers)
  const isRefused = (name: string, at: number): boolean =>
    at % 2 === 0 && name.toLowerCase() === 'proxy-authorization'
  if (proxy !== null && headers.some(isRefused)) {
    throw new InvalidArgumentError('Proxy-Authorization should be sent in ProxyAgent constructor')
  }
  const method = requestMethod('GET')
  const body = requestBody(undefined)
  const draft = new RequestDraft({}, origin, method, target, checked, body, false)
  draft.addresses = addresses
  const servername = origin.isTls ? tlsName(undefined, checked) : ''
  const encoded = encodeRequest(
    draft,
    { allowH2, keepAlive, headersTimeout, bodyTimeout },
    {
      isForwarded: !origin.isTls && proxy?.forwards === true,
      usesH2c: useH2c && !origin.isTls && proxy === null,
      servername,
      isReported: false,
      showsChunks: false,
    },
  )
  return { encoded, servername }
}

/**
 * Prepares a GET: checks its URL and its headers, and looks its host up. Throws undici's errors, and those of
 * `dns.lookup()`.
 */
export async function nativeRequest(
  { options, fixedOrigin }: NativeHost,
  url: URL,
  headers: readonly HeaderPair[],
): Promise<NativeRequest> {
  if (fixedOrigin !== undefined && fixedOrigin !== url.origin) {
    throw new InvalidArgumentError(`dispatcher is for ${fixedOrigin} only`)
  }
  const origin = new Origin(new URL(url.origin))
  const proxy = options.proxies === null ? null : options.proxies.find(origin.url)
  const connect = proxy === null ? options.connect : proxy.connectTo(options.connect)
  const target = url.pathname + url.search
  const sent = [...headers.flat(), 'accept-encoding', 'identity']
  // Invalid headers are an error before the host is looked up.
  encodeGet(options, origin, proxy, target, sent)
  const follower = new TlsFollower(origin.isTls ? connect : null, proxy)
  if (origin.isTls || proxy?.speaksTls === true) {
    // Invalid defaults of Node are an error, as for any connection.
    follower.current()
    follower.follow()
  }
  const client = clientOptions(options, proxy, origin.isTls, follower)
  const addresses = await addressesOf(options, origin, proxy, client)
  const { encoded, servername } = encodeGet(options, origin, proxy, target, sent, addresses)
  return {
    client,
    request: {
      text: encoded.text,
      allowHttp2: (encoded.flags & RequestFlag.allowHttp2) !== 0,
      closeConnection: (encoded.flags & RequestFlag.closeConnection) !== 0,
      headersTimeout: encoded.headersTimeout,
      bodyTimeout: encoded.bodyTimeout,
    },
    to: {
      hostname: origin.hostname,
      port: origin.port,
      servername: servername || (connect.servername ?? origin.hostname),
      local: {
        address: client.localAddress,
        port: client.localPort,
        socketPath: client.socketPath,
      },
      proxy,
    },
  }
}

function addressesOf(
  { native, connect }: ResolvedOptions,
  origin: Origin,
  proxy: Proxy | null,
  { localAddress, socketPath }: NativeClientOptions,
): Promise<string> {
  if (socketPath !== '') {
    return Promise.resolve('')
  }
  return new Promise((resolve, reject) => {
    const host = proxy ?? origin
    const lookup = proxy === null ? connect : proxy.lookupOptions
    findAddresses(host, lookup, localAddress !== '', native.connectTimeout, (error, addresses) =>
      error ? reject(error) : resolve(addresses),
    )
  })
}
