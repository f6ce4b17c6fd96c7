import { Errc } from '../native/contract.ts'

/** Whether the error waits until the handler has received the data that came before it. */
export function waitsBehindData(code: number): boolean {
  return isPeersEnd(code) || code === Errc.decodeFailed
}

/** Whether the code means that the peer ended the connection. */
function isPeersEnd(code: number): boolean {
  return (
    code === Errc.socketClosed || code === Errc.lengthMismatch || code === Errc.malformedResponse
  )
}

/** Whether the connection was never made (`connectionError` event), as opposed to one that broke. */
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
  return code === Errc.notKept || isPeersEnd(code)
}
