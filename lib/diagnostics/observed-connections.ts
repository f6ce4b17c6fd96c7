import { channel } from 'node:diagnostics_channel'
import type { Origin } from '../origins/origins.ts'

// undici's channels about connections.
const beforeConnect = channel('undici:client:beforeConnect')
const connected = channel('undici:client:connected')
const connectError = channel('undici:client:connectError')

/** Where a connection leads. */
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

// Native tells of a connection when it is there, or has failed: `beforeConnect` comes together with what came of it. There
// is no socket to show; its address is read from an object all the same.

export function publishNativeConnected(origin: Origin): void {
  if (beforeConnect.hasSubscribers || connected.hasSubscribers) {
    const params = paramsOf(origin)
    publishBeforeConnect(params, undefined)
    // ALPN's outcome is known from the first response on.
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

function paramsOf({ url, hostname, isTls }: Origin): ConnectParams {
  return {
    host: url.host,
    hostname,
    protocol: url.protocol,
    port: url.port,
    servername: isTls ? hostname : null,
    localAddress: null,
  }
}
