import { channel } from 'node:diagnostics_channel'
import type { Origin } from '../origins/origins.ts'

// undici's channels about connections. Native tells of a connection when it is there, or has failed: `beforeConnect`
// comes together with what came of it. There is no socket to show; its address is read from an object all the same.
const beforeConnect = channel('undici:client:beforeConnect')
const connected = channel('undici:client:connected')
const connectError = channel('undici:client:connectError')

export function publishConnected(origin: Origin): void {
  if (beforeConnect.hasSubscribers || connected.hasSubscribers) {
    beforeConnect.publish({ connectParams: connectParamsOf(origin), connector: undefined })
    // ALPN's outcome is known from the first response on.
    const version = origin.speaksHttp2 ? 'h2' : origin.isTls ? undefined : 'h1'
    const connectParams = { ...connectParamsOf(origin), version }
    const socket = { remoteAddress: undefined, remotePort: undefined }
    connected.publish({ connectParams, connector: undefined, socket })
  }
}

export function publishConnectError(origin: Origin, error: Error): void {
  if (beforeConnect.hasSubscribers || connectError.hasSubscribers) {
    const connectParams = connectParamsOf(origin)
    beforeConnect.publish({ connectParams, connector: undefined })
    connectError.publish({ connectParams, connector: undefined, error })
  }
}

function connectParamsOf({ url, hostname, isTls }: Origin): object {
  return {
    host: url.host,
    hostname,
    protocol: url.protocol,
    port: url.port,
    version: undefined,
    servername: isTls ? hostname : null,
    localAddress: null,
  }
}
