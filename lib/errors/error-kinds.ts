import { Errc } from '../native/contract.ts'

/** The peer's end of the connection. It comes behind the data that was sent before it, also when that is held back. */
export function waitsBehindData(code: number): boolean {
  return (
    code === Errc.socketClosed || code === Errc.lengthMismatch || code === Errc.malformedResponse
  )
}

/** The connection could not be made (`connectionError` event), as against one that broke. */
export function isConnectionError(code: number): boolean {
  return (
    code === Errc.connectTimeout ||
    code === Errc.resolveFailed ||
    code === Errc.connectFailed ||
    code === Errc.tlsVerifyFailed ||
    code === Errc.tlsNameMismatch ||
    code === Errc.tlsHandshakeFailed ||
    code === Errc.proxyRefused ||
    code === Errc.proxyClosed ||
    code === Errc.proxyNameMismatch ||
    code === Errc.socksFailed ||
    code === Errc.notConnected
  )
}

/** Whether a connection that ends with this code may have had a response, complete or not. */
export function mayEndResponse(code: number): boolean {
  return code === Errc.notKept || waitsBehindData(code)
}
