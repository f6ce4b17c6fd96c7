import { channel } from 'node:diagnostics_channel'
import type { Origin } from '../origins/origins.ts'

// undici's channels about connections.
const beforeConnect = channel('undici:client:beforeConnect')
const connected = channel('undici:client:connected')
const connectError = channel('undici:client:connectError')

/** undici's `connectParams`, without the version. */
export interface ConnectParams {
  readonly host: string
  readonly hostname: string
  readonly protocol: string
  readonly port: string
  readonly servername: string | null
  readonly localAddress: string | null
}

export function publishBeforeConnect(params: ConnectParams, connector: unknown): void {
  if (beforeConnect.hasSubscribers) {
    beforeConnect.publish({ connectParams: { ...params, version: undefined }, connector })
  }
}

export function publishConnected(
  params: ConnectParams,
  version: string | undefined,
  connector: unknown,
  socket: unknown,
): void {
  if (connected.hasSubscribers) {
    connected.publish({ connectParams: { ...params, version }, connector, socket })
  }
}

export function publishConnectError(
  params: ConnectParams,
  error: unknown,
  connector: unknown,
): void {
  if (connectError.hasSubscribers) {
    connectError.publish({ connectParams: { ...params, version: undefined }, connector, error })
  }
}

// Native reports a connection only when it is made or has failed, so `beforeConnect` comes just before the other event.
// There is no JavaScript socket, but subscribers read an address from one, so they get an object without it.

export function publishNativeConnected(origin: Origin): void {
  if (beforeConnect.hasSubscribers || connected.hasSubscribers) {
    const params = paramsOf(origin)
    publishBeforeConnect(params, undefined)
    // The protocol that ALPN chose is known when the first response has come.
    const version = origin.speaksHttp2 ? 'h2' : origin.isTls ? undefined : 'h1'
    const socket = { remoteAddress: undefined, remotePort: undefined }
    publishConnected(params, version, undefined, socket)
  }
}

export function publishNativeConnectError(origin: Origin, error: Error): void {
  if (beforeConnect.hasSubscribers || connectError.hasSubscribers) {
    const params = paramsOf(origin)
    publishBeforeConnect(params, undefined)
    publishConnectError(params, error, undefined)
  }
}

// Native does not report whether a request named another server than its origin, so there is never a servername.
function paramsOf({ url, hostname }: Origin): ConnectParams {
  return {
    host: url.host,
    hostname,
    protocol: url.protocol,
    port: url.port,
    servername: null,
    localAddress: null,
  }
}
