import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { Errc } from '../../../lib/native/contract.ts'
import { isConnectionError } from '../../../lib/errors/error-kinds.ts'
import { nativeError } from '../../../lib/errors/native-error.ts'

const to = { hostname: 'a.test', port: 8080, servername: 's.test' }
const socket = '127.0.0.1 5000 127.0.0.2 8080 10 20'

function made(code: keyof typeof Errc, detail = 0, message = '', socketText = ''): Error {
  return nativeError(Errc[code], detail, message, socketText, to)
}

/** All that a caller can see of an error, except its stack. */
function seen(error: Error): object {
  return Object.assign({}, error, { message: error.message })
}

describe('an error of native', () => {
  it.each([
    [
      'connectTimeout',
      'ConnectTimeoutError',
      'UND_ERR_CONNECT_TIMEOUT',
      'Connect Timeout Error (attempted address: a.test:8080, timeout: 250ms)',
    ],
    ['headersTimeout', 'HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error'],
    ['bodyTimeout', 'BodyTimeoutError', 'UND_ERR_BODY_TIMEOUT', 'Body Timeout Error'],
    [
      'headersOverflow',
      'HeadersOverflowError',
      'UND_ERR_HEADERS_OVERFLOW',
      'Headers Overflow Error',
    ],
    [
      'responseTooLarge',
      'ResponseExceededMaxSizeError',
      'UND_ERR_RES_EXCEEDED_MAX_SIZE',
      'Response content exceeded max size',
    ],
    [
      'lengthMismatch',
      'ResponseContentLengthMismatchError',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'Response body length does not match content-length header',
    ],
    ['socketClosed', 'SocketError', 'UND_ERR_SOCKET', 'other side closed'],
    ['unexpectedUpgrade', 'SocketError', 'UND_ERR_SOCKET', 'bad upgrade'],
    ['aborted', 'RequestAbortedError', 'UND_ERR_ABORTED', 'Request aborted'],
    [
      'requestLengthMismatch',
      'RequestContentLengthMismatchError',
      'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
      'Request body length does not match content-length header',
    ],
    ['invalidRequest', 'InvalidArgumentError', 'UND_ERR_INVALID_ARG', 'invalid request'],
    [
      'internal',
      'InformationalError',
      'UND_ERR_INFO',
      "the native client failed (libcurl's error 250)",
    ],
  ] as const)('%s is undici\u2019s %s', (name, className, code, message) => {
    const error = made(name, 250, name.endsWith('Timeout') ? '' : 'why')
    expect(error).toBeInstanceOf(errors[className])
    expect(error).toMatchObject({ code, message })
  })

  it.each([
    ['headersTimeout', 'HeadersTimeoutError', 'HTTP/2: "headers timeout after 250"'],
    ['bodyTimeout', 'BodyTimeoutError', 'HTTP/2: "stream timeout after 250"'],
    ['noStreams', 'HeadersTimeoutError', 'HTTP/2: server did not accept a new stream within 250'],
  ] as const)('%s over HTTP/2 is undici\u2019s %s: %s', (name, className, message) => {
    const error = made(name, 250, 'HTTP/2')
    expect(error).toBeInstanceOf(errors[className])
    expect(error.message).toBe(message)
  })

  it('malformedResponse is undici\u2019s HTTPParserError', () => {
    const error = made('malformedResponse', 0, 'weird line')
    expect(error).toBeInstanceOf(errors.HTTPParserError)
    expect(error).toMatchObject({
      name: 'HTTPParserError',
      message: 'Response does not match the HTTP/1.1 protocol (weird line)',
    })
  })

  it('of an unknown number is an InformationalError', () => {
    expect(nativeError(999, 0, '', '', to)).toMatchObject({
      code: 'UND_ERR_INFO',
      message: 'the native client failed',
    })
  })

  it('decodeFailed is the error that node:zlib makes', () => {
    const error = made('decodeFailed', 0xffff_fffd, 'Z_DATA_ERROR\nincorrect header check')
    expect(seen(error)).toEqual({
      message: 'incorrect header check',
      errno: -3,
      code: 'Z_DATA_ERROR',
    })
  })

  const ofLibcurl = Object.entries(Errc).filter(([name]) => name !== 'decodeFailed')
  it.each(ofLibcurl)('%s has a class, a code and a message of ours', (_name, code) => {
    const words = 'Failed reading the chunked-encoded stream'
    const error = nativeError(code, 0, words, '', to) as Error & { code?: string; cause?: unknown }
    expect(error.constructor).not.toBe(errors.UndiciError)
    if (!(error instanceof errors.HTTPParserError)) {
      expect(error.code).toMatch(/^[A-Z][A-Z0-9_]+$/)
      expect(error.code).not.toBe('UND_ERR')
    }
    expect(error.message).not.toBe(words)
  })

  it('on a socket has the socket’s addresses and counts', () => {
    expect(made('socketClosed', 0, '', socket)).toMatchObject({
      socket: {
        localAddress: '127.0.0.1',
        localPort: 5000,
        remoteAddress: '127.0.0.2',
        remotePort: 8080,
        remoteFamily: 'IPv4',
        bytesWritten: 10,
        bytesRead: 20,
      },
    })
    expect(made('socketClosed', 0, '', '::1 5000 ::1 8080 0 0')).toMatchObject({
      socket: { remoteFamily: 'IPv6', bytesWritten: 0 },
    })
    expect(made('socketClosed')).toMatchObject({ socket: null })
  })

  it.each([
    [0, 'ENOTFOUND', -3008],
    [1, 'EAI_AGAIN', -3001],
  ])('resolveFailed (%d) is Node\u2019s %s', (detail, code, errno) => {
    expect(seen(made('resolveFailed', detail))).toEqual({
      message: `getaddrinfo ${code} a.test`,
      code,
      errno,
      syscall: 'getaddrinfo',
      hostname: 'a.test',
    })
  })

  it('connectFailed is Node\u2019s error, with the address where it is known', () => {
    expect(seen(made('connectFailed', 111, '', socket))).toEqual({
      message: 'connect ECONNREFUSED 127.0.0.2:8080',
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.2',
      port: 8080,
    })
    expect(made('connectFailed', 113)).toMatchObject({
      message: 'connect EHOSTUNREACH a.test:8080',
      code: 'EHOSTUNREACH',
    })
  })

  it.each([
    [104, 'ECONNRESET'],
    [32, 'EPIPE'],
    [110, 'ETIMEDOUT'],
  ])('socketError %d is Node\u2019s %s', (errno, code) => {
    expect(seen(made('socketError', errno))).toEqual({
      message: `read ${code}`,
      code,
      errno: -errno,
      syscall: 'read',
    })
  })

  it.each([
    [18, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
    [19, 'SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
    [20, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
    [21, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
    [10, 'CERT_HAS_EXPIRED', 'certificate has expired'],
    [9, 'CERT_NOT_YET_VALID', 'certificate is not yet valid'],
    [23, 'CERT_REVOKED', 'certificate revoked'],
    [12345, 'UNSPECIFIED', 'in OpenSSL\u2019s words'],
  ])('tlsVerifyFailed %d is Node\u2019s %s', (number, code, message) => {
    const libcurls = `SSL certificate OpenSSL verify result: in OpenSSL\u2019s words (${number})`
    const isAdvised = Number.parseInt(process.versions.node, 10) >= 24 && [18, 21].includes(number)
    const advice = '; if the root CA is installed locally, try running Node.js with --use-system-ca'
    expect(seen(made('tlsVerifyFailed', number, libcurls))).toEqual({
      code,
      message: isAdvised ? message + advice : message,
    })
  })

  it.each([
    [
      'a.test',
      'DNS:b.test, IP Address:0:0:0:0:0:0:0:1\nb',
      "Host: a.test. is not in the cert's altnames: DNS:b.test, IP Address:0:0:0:0:0:0:0:1",
    ],
    ['a.test', '\nb.test', "Host: a.test. is not cert's CN: b.test"],
    ['a.test', '\n', 'Cert does not contain a DNS name'],
    [
      '127.0.0.1',
      'DNS:b.test, IP Address:1.2.3.4\nb',
      "IP: 127.0.0.1 is not in the cert's list: 1.2.3.4",
    ],
  ])('tlsNameMismatch of %s and %j is Node\u2019s', (host, names, reason) => {
    const error = nativeError(Errc.tlsNameMismatch, 0, names, '', { ...to, servername: host })
    expect(seen(error)).toEqual({
      message: `Hostname/IP does not match certificate's altnames: ${reason}`,
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      reason,
      host,
      cert: expect.objectContaining({ subjectaltname: names.split('\n')[0] }),
    })
  })

  it.each([
    ['error:0A00010B:SSL routines::wrong version number', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    [
      'TLS connect error: error:0A000410:SSL routines::ssl/tls alert handshake failure',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    ],
    ['error:0A0000F4:SSL routines:func:unexpected message:file.c:5', 'ERR_SSL_UNEXPECTED_MESSAGE'],
  ])('tlsHandshakeFailed "%s" is %s', (line, code) => {
    // OpenSSL's text, without libcurl's before it.
    const message = line.replace('TLS connect error: ', '')
    expect(made('tlsHandshakeFailed', 0, line)).toMatchObject({ code, message })
  })

  it.each([['error:0A000126:SSL routines::unexpected eof while reading'], ['connection reset']])(
    'tlsHandshakeFailed "%s" is a peer that went away',
    (line) => {
      expect(made('tlsHandshakeFailed', 0, line)).toMatchObject({
        code: 'ECONNRESET',
        message: 'Client network socket disconnected before secure TLS connection was established',
      })
    },
  )

  it.each([
    [8, 'Stream closed with error code NGHTTP2_CANCEL'],
    [7, 'Stream closed with error code NGHTTP2_REFUSED_STREAM'],
    [0x10c, 'Stream closed with error code 268'],
  ])('streamReset %d is Node\u2019s error', (http2ErrorCode, message) => {
    expect(seen(made('streamReset', http2ErrorCode))).toEqual({
      message,
      code: 'ERR_HTTP2_STREAM_ERROR',
      http2ErrorCode,
    })
  })

  it.each([
    [0, 'HTTP/2: stream half-closed (remote)'],
    [8, 'HTTP/2: stream closed before the response was complete'],
  ])('streamReset %d before the head is undici\u2019s InformationalError', (code, message) => {
    const error = made('streamReset', code, 'unanswered')
    expect(error).toBeInstanceOf(errors.InformationalError)
    expect(error.message).toBe(message)
    expect(made('streamReset', 2, 'unanswered').message).toContain('NGHTTP2_INTERNAL_ERROR')
  })

  it('of connecting is an AggregateError only where several addresses were tried', () => {
    const both = made('connectFailed', 111, '127.0.0.2 80 111\n::1 80 101\n') as AggregateError
    expect(both).toBeInstanceOf(AggregateError)
    expect(both).toMatchObject({ code: 'ECONNREFUSED' })
    expect(both.errors.map(({ message }: Error) => message)).toEqual([
      'connect ECONNREFUSED 127.0.0.2:80',
      'connect ENETUNREACH ::1:80',
    ])
    expect(made('connectFailed', 24, 'epoll_create1')).not.toBeInstanceOf(AggregateError)
    expect(made('connectFailed', 24, 'epoll_create1')).toMatchObject({ code: 'EMFILE' })
  })

  it('is one of connecting only where no connection came about', () => {
    const names = Object.keys(Errc) as (keyof typeof Errc)[]
    expect(names.filter((name) => isConnectionError(Errc[name]))).toEqual([
      'connectTimeout',
      'resolveFailed',
      'connectFailed',
      'tlsVerifyFailed',
      'tlsNameMismatch',
      'tlsHandshakeFailed',
      'proxyRefused',
      'proxyClosed',
      'proxyNameMismatch',
      'socksFailed',
      'notConnected',
    ])
  })
})
