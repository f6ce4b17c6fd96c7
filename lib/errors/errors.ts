import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { errors } from '../compat/undici.ts'
import { Errc } from '../native/contract.ts'
import type { Destination, SocketInfo } from './destination.ts'
import { connectFailed, connectTimedOut, systemError } from './connect-errors.ts'
import { handshakeErrorCode, verifyError } from './tls-errors.ts'

export { errors }

export type { Destination, LocalEnd, SocketInfo } from './destination.ts'

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
      return streamReset(detail)
    case Errc.unexpectedUpgrade:
      return socketError('bad upgrade', socketInfo(socket))
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

// The words of libcurl, or of an exception, which are nobody's interface.
function withCause(error: Error, words: string): Error {
  return words === '' ? error : Object.assign(error, { cause: new Error(words) })
}

const nowhere: Destination = { hostname: '', port: 0, servername: '' }

/** Whether a connection that ends with this code may have had a response, complete or not. */
export function mayEndResponse(code: number): boolean {
  return code === Errc.notKept || waitsBehindData(code)
}

/** Why a connection ended, for the `disconnect` event. */
export function disconnectError(code: number, detail: number): Error {
  switch (code) {
    case Errc.notKept:
      return new errors.InformationalError('reset')
    case Errc.aborted:
      return new errors.InformationalError('aborted')
    case Errc.idleTimeout:
      return new errors.InformationalError('socket idle timeout')
    case Errc.unaskedBytes:
      return socketError('bad response', null)
    case Errc.switchedAway:
      return new errors.InformationalError('upgrade')
    case Errc.goaway: {
      const what = `HTTP/2: "GOAWAY" frame received with code ${detail}`
      return detail === 0 ? new errors.InformationalError(what) : socketError(what, null)
    }
    default:
      return nativeError(code, detail, '', '', nowhere)
  }
}

// undici's types leave out what its constructor takes.
export function socketError(message: string, socket: SocketInfo | null): Error {
  const SocketError = errors.SocketError as unknown as new (
    message: string,
    socket: SocketInfo | null,
  ) => Error
  return new SocketError(message, socket)
}

function proxyError(
  name: 'ProxyConnectionError' | 'SecureProxyConnectionError',
  cause: Error,
): Error {
  const ProxyError = errors[name] as unknown as new (cause: Error) => Error
  return new ProxyError(cause)
}

const socksReplies = [
  '',
  'General SOCKS server failure',
  'Connection not allowed by ruleset',
  'Network unreachable',
  'Host unreachable',
  'Connection refused',
  'TTL expired',
  'Command not supported',
  'Address type not supported',
]

function socksError(detail: number): Error {
  const Socks5ProxyError = errors.Socks5ProxyError as unknown as new (
    message?: string,
    code?: string,
  ) => Error
  if (detail === 255) {
    return new Socks5ProxyError(
      'No acceptable authentication method',
      'UND_ERR_SOCKS5_AUTH_REJECTED',
    )
  }
  if (detail === 254) {
    return new Socks5ProxyError('Authentication failed', 'UND_ERR_SOCKS5_AUTH_FAILED')
  }
  const reply = socksReplies[detail]
  return reply
    ? new Socks5ProxyError(`SOCKS5 connection failed: ${reply}`, `UND_ERR_SOCKS5_REPLY_${detail}`)
    : new Socks5ProxyError()
}

type Peer = Pick<Destination, 'hostname' | 'port' | 'address'>

function resolveError(mayHelpToRetry: boolean, { hostname }: Peer): Error {
  const code = mayHelpToRetry ? 'EAI_AGAIN' : 'ENOTFOUND'
  const errno = mayHelpToRetry ? -3001 : -3008
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
    errno,
    code,
    syscall: 'getaddrinfo',
    hostname,
  })
}

function verifyFailed(number: number, fallback: string): Error {
  const { code, message } = verifyError(number, fallback)
  return Object.assign(new Error(message), { code })
}

// `names` are the certificate's alternative names in Node's spelling, a line feed, and its common name: enough for Node
// to find its own words.
function nameMismatch(names: string, { servername: host }: Destination): Error {
  const [subjectaltname = '', commonName = ''] = names.split('\n')
  const cert = { subjectaltname, subject: { CN: commonName } } as PeerCertificate
  const error = checkServerIdentity(host, cert)
  if (error !== undefined) {
    return error
  }
  // libcurl is stricter than Node.
  const reason = `Host: ${host}. is not in the cert's altnames: ${subjectaltname}`
  const message = `Hostname/IP does not match certificate's altnames: ${reason}`
  const code = 'ERR_TLS_CERT_ALTNAME_INVALID'
  return Object.assign(new Error(message), { code, reason, host, cert })
}

function handshakeFailed(message: string, { hostname: host, port }: Destination): Error {
  // libcurl puts words of its own in front.
  const line = message.replace(/^.*?(?=error:[0-9A-F]{8}:)/i, '')
  const code = handshakeErrorCode(line)
  if (code !== 'EPROTO') {
    return Object.assign(new Error(line), { code, library: 'SSL routines' })
  }
  return Object.assign(
    new Error('Client network socket disconnected before secure TLS connection was established'),
    { code: 'ECONNRESET', host, port, path: undefined, localAddress: undefined },
  )
}

const http2ErrorNames = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

function streamReset(http2ErrorCode: number): Error {
  const name = http2ErrorNames[http2ErrorCode]
  const text = name === undefined ? String(http2ErrorCode) : `NGHTTP2_${name}`
  return Object.assign(new Error(`Stream closed with error code ${text}`), {
    code: 'ERR_HTTP2_STREAM_ERROR',
    http2ErrorCode,
  })
}

// "localAddress localPort remoteAddress remotePort bytesWritten bytesRead", or nothing.
export function socketInfo(text: string): SocketInfo | null {
  if (text === '') {
    return null
  }
  const [localAddress, localPort, remoteAddress, remotePort, bytesWritten, bytesRead] =
    text.split(' ')
  return {
    localAddress: localAddress || undefined,
    localPort: Number(localPort) || undefined,
    remoteAddress: remoteAddress || undefined,
    remotePort: Number(remotePort) || undefined,
    remoteFamily: remoteAddress ? (remoteAddress.includes(':') ? 'IPv6' : 'IPv4') : undefined,
    timeout: undefined,
    bytesWritten: Number(bytesWritten) || 0,
    bytesRead: Number(bytesRead) || 0,
  }
}
