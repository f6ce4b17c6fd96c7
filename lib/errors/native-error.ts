import { errors } from '../compat/undici.ts'
import { Errc } from '../native/contract.ts'
import { connectFailed, connectTimedOut, resolveError } from './connect-errors.ts'
import type { Destination } from './destination.ts'
import { streamReset } from './http2-errors.ts'
import { proxyError, socksError } from './proxy-errors.ts'
import { socketError, socketInfo } from './socket-errors.ts'
import { systemError } from './system-error.ts'
import { handshakeFailed, nameMismatch, verifyFailed } from './tls-errors.ts'

/** Builds undici's error, or Node's, for a `failed` record. */
export function nativeError(
  code: number,
  detail: number,
  message: string,
  socket: string,
  to: Destination,
): Error {
  const peer = to.proxy ?? to
  switch (code) {
    case Errc.aborted:
      return new errors.RequestAbortedError()
    case Errc.connectTimeout:
      return connectTimedOut(detail, message, peer)
    case Errc.headersTimeout:
      return message === ''
        ? new errors.HeadersTimeoutError()
        : new errors.HeadersTimeoutError(`${message}: "headers timeout after ${detail}"`)
    case Errc.noStreams:
      return new errors.HeadersTimeoutError(
        `HTTP/2: server did not accept a new stream within ${detail}`,
      )
    case Errc.bodyTimeout:
      return message === ''
        ? new errors.BodyTimeoutError()
        : new errors.BodyTimeoutError(`${message}: "stream timeout after ${detail}"`)
    case Errc.resolveFailed:
      return resolveError(detail === 1, peer)
    case Errc.connectFailed:
      return connectFailed(detail, message, socketInfo(socket), peer, to)
    case Errc.socketClosed:
      return socketError('other side closed', socketInfo(socket))
    case Errc.socketError:
      return systemError('read', detail)
    case Errc.tlsVerifyFailed:
      return verifyFailed(detail, message)
    case Errc.tlsNameMismatch:
      return nameMismatch(message, to)
    case Errc.tlsHandshakeFailed:
      return handshakeFailed(message, to)
    case Errc.http2Error:
      return Object.assign(new Error('Protocol error'), { code: 'ERR_HTTP2_ERROR', errno: -505 })
    case Errc.goaway:
      return Object.assign(new Error(`Session closed with error code ${detail}`), {
        code: 'ERR_HTTP2_SESSION_ERROR',
        http2ErrorCode: detail,
      })
    case Errc.malformedResponse:
      return new errors.HTTPParserError(
        `Response does not match the HTTP/1.1 protocol (${message})`,
      )
    case Errc.headersOverflow:
      return new errors.HeadersOverflowError()
    case Errc.responseTooLarge:
      return new errors.ResponseExceededMaxSizeError()
    case Errc.lengthMismatch:
      return new errors.ResponseContentLengthMismatchError()
    case Errc.streamReset:
      return streamReset(detail, message === 'unanswered')
    case Errc.unexpectedUpgrade:
      return socketError('bad upgrade', socketInfo(socket))
    case Errc.decodeFailed:
      return decodeFailed(detail, message)
    case Errc.requestLengthMismatch:
      return new errors.RequestContentLengthMismatchError()
    case Errc.invalidRequest:
      return withCause(new errors.InvalidArgumentError('invalid request'), message)
    case Errc.proxyRefused:
      return new errors.RequestAbortedError(
        `Proxy response (${detail}) !== 200 when HTTP Tunneling`,
      )
    case Errc.proxyClosed:
      return proxyError(
        'ProxyConnectionError',
        socketError('other side closed', socketInfo(socket)),
      )
    case Errc.proxyNameMismatch:
      return proxyError(
        'SecureProxyConnectionError',
        nameMismatch(message, { ...peer, servername: peer.hostname }),
      )
    case Errc.socksFailed:
      return socksError(detail)
    default: {
      const reason = detail === 0 ? '' : ` (libcurl's error ${detail})`
      return withCause(new errors.InformationalError(`the native client failed${reason}`), message)
    }
  }
}

// The same error as from node:zlib.
function decodeFailed(detail: number, message: string): Error {
  const [code, words] = message.split('\n')
  return Object.assign(new Error(words), { errno: detail | 0, code })
}

// libcurl's text, or an exception's, may change at any time, so it is only the cause.
function withCause(error: Error, words: string): Error {
  return words === '' ? error : Object.assign(error, { cause: new Error(words) })
}
