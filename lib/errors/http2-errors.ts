import { errors } from '../compat/undici.ts'

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

/** As undici: before the response's head NO_ERROR and CANCEL are no faults of the stream. */
export function streamReset(http2ErrorCode: number, unanswered: boolean): Error {
  const name = http2ErrorNames[http2ErrorCode]
  if (unanswered && name === 'NO_ERROR') {
    return new errors.InformationalError('HTTP/2: stream half-closed (remote)')
  }
  if (unanswered && name === 'CANCEL') {
    return new errors.InformationalError('HTTP/2: stream closed before the response was complete')
  }
  const text = name === undefined ? String(http2ErrorCode) : `NGHTTP2_${name}`
  return Object.assign(new Error(`Stream closed with error code ${text}`), {
    code: 'ERR_HTTP2_STREAM_ERROR',
    http2ErrorCode,
  })
}
