/** HTTP/2: faults of one stream, beside others of its connection. */
import { describe, expect, it } from 'vitest'
import { errorsOfFaults, expectOutcome } from '../support/faults.ts'
import type { Expected } from '../support/faults.ts'
import { runStreamFault } from '../support/faults-h2.ts'
import type { H2Fault } from '../support/faults-h2.ts'
import { FrameFlag, FrameType, H2Code, field } from '../support/servers/h2-frames.ts'
import type { H2Peer } from '../support/servers/h2-frames.ts'

const streamError = { code: 'ERR_HTTP2_STREAM_ERROR' }
/** Before the head NO_ERROR and CANCEL are no faults of the stream. */
const unanswered = (code: number): Expected =>
  code === H2Code.noError || code === H2Code.cancel ? { code: 'UND_ERR_INFO' } : streamError
const wrongLength = { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' }
const { parser, bodyTimeout, headersTimeout } = errorsOfFaults
const { endHeaders, endStream } = FrameFlag

// These two make libcurl try again: tests/faults/h2-connections.test.ts.
const again = new Set(['refusedStream', 'http11Required'])
const codes = Object.entries(H2Code).filter(([name]) => !again.has(name))

describe('RST_STREAM', () => {
  it.each(codes)('%s before the head is an error', async (_name, code) => {
    const { broken } = await runStreamFault((peer, stream) => peer.reset(stream, code))
    expectOutcome(broken, unanswered(code))
    if (unanswered(code) === streamError) expect(broken.error?.['http2ErrorCode']).toBe(code)
  })

  it.each(codes)('%s in a body that has a length is an error', async (_name, code) => {
    const { broken } = await runStreamFault(async (peer, stream, recorder) => {
      peer.respond(stream, 0, field('content-length', '10'))
      peer.data(stream, 'some')
      await recorder().seen('onResponseData')
      peer.reset(stream, code)
    })
    expectOutcome(broken, code === H2Code.noError ? {} : wrongLength)
    expect(broken.text).toBe('some')
  })

  it('of an unknown code is an error', async () => {
    const { broken } = await runStreamFault((peer, stream) => peer.reset(stream, 0xfffffff0))
    expectOutcome(broken, streamError)
  })

  it.each(codes)('%s in an upload is an error', async (_name, code) => {
    const { broken } = await runStreamFault((peer, stream) => peer.reset(stream, code), {
      method: 'POST',
      body: Buffer.alloc(1_000_000),
    })
    expectOutcome(broken, unanswered(code))
  })
})

const status = field(':status', '200')

function head(...fields: Buffer[]): H2Fault {
  return (peer, stream) => {
    peer.send(FrameType.headers, endHeaders, stream, Buffer.concat(fields))
    peer.data(stream, 'ok', endStream)
  }
}

function afterHead(fault: (peer: H2Peer, stream: number) => void): H2Fault {
  return (peer, stream) => {
    peer.respond(stream)
    peer.data(stream, 'ok')
    fault(peer, stream)
  }
}

const heads: [string, H2Fault, Expected][] = [
  ['no :status', head(field('a', 'b')), parser],
  ['nothing at all', head(), streamError],
  [':status abc', head(field(':status', 'abc')), streamError],
  [':status 20', head(field(':status', '20')), streamError],
  [':status 2000', head(field(':status', '2000')), streamError],
  [':status without a value', head(field(':status', '')), streamError],
  [':status 099', head(field(':status', '099')), streamError],
  [':status twice', head(status, status), streamError],
  [':status behind a header', head(field('a', 'b'), status), parser],
  ['an unknown pseudo-header', head(status, field(':foo', 'x')), streamError],
  ["a request's pseudo-header", head(status, field(':path', '/')), streamError],
  ['a capital in a name', head(status, field('Name', 'x')), streamError],
  ['connection', head(status, field('connection', 'close')), streamError],
  ['transfer-encoding', head(status, field('transfer-encoding', 'chunked')), streamError],
  ['content-length that is no number', head(status, field('content-length', 'ten')), streamError],
  ['content-length below the body', head(status, field('content-length', '1')), wrongLength],
  ['content-length above the body', head(status, field('content-length', '3')), wrongLength],
  [
    'content-length twice',
    head(status, field('content-length', '2'), field('content-length', '3')),
    streamError,
  ],
  [':status 101', head(field(':status', '101')), streamError],
  // nghttp2 drops such fields, as in Node.
  ['a blank in a name', head(status, field('a b', 'x')), 'ok'],
  ['a NUL in a name', head(status, field('a\0b', 'x')), 'ok'],
  ['an empty name', head(status, field('', 'x')), 'ok'],
  ['a NUL in a value', head(status, field('a', 'x\0y')), 'ok'],
  ['CR LF in a value', head(status, field('a', 'x\r\nb: c')), 'ok'],
  ['LF in a value', head(status, field('a', 'x\ny')), 'ok'],
  ['an eight-bit value', head(status, field('a', '\xe9')), 'ok'],
  ['2,000 headers', head(status, ...Array<Buffer>(2000).fill(field('a', 'b'))), 'ok'],
]

const streams: [string, H2Fault, Expected][] = [
  [
    '1xx that ends the stream',
    (peer, stream) =>
      peer.send(FrameType.headers, endHeaders | endStream, stream, field(':status', '103')),
    streamError,
  ],
  [
    'an end without the body that was announced',
    (peer, stream) => peer.respond(stream, endStream, field('content-length', '5')),
    {},
  ],
  [
    'trailers with a pseudo-header',
    afterHead((peer, stream) =>
      peer.send(FrameType.headers, endHeaders | endStream, stream, status),
    ),
    streamError,
  ],
  [
    'a second head',
    afterHead((peer, stream) => peer.send(FrameType.headers, endHeaders, stream, status)),
    streamError,
  ],
  [
    'trailers that do not end the stream',
    afterHead((peer, stream) => peer.send(FrameType.headers, endHeaders, stream, field('a', 'b'))),
    streamError,
  ],
  // What is odd and allowed.
  [
    'trailers with a NUL',
    afterHead((peer, stream) =>
      peer.send(FrameType.headers, endHeaders | endStream, stream, field('a', '\0')),
    ),
    'ok',
  ],
  [
    'trailers',
    afterHead((peer, stream) =>
      peer.send(FrameType.headers, endHeaders | endStream, stream, field('a', 'b')),
    ),
    'ok',
  ],
  [
    'a thousand empty DATA',
    afterHead((peer, stream) => {
      for (let n = 0; n < 1000; n += 1) peer.data(stream, '')
      peer.data(stream, '', endStream)
    }),
    'ok',
  ],
  [
    'padding',
    afterHead((peer, stream) =>
      peer.send(
        FrameType.data,
        endStream | FrameFlag.padded,
        stream,
        Buffer.concat([Buffer.from([200]), Buffer.from('!'), Buffer.alloc(200)]),
      ),
    ),
    'ok!',
  ],
  [
    'frames of types that nobody knows',
    afterHead((peer, stream) => {
      peer.send(0xbb, 0xff, stream, Buffer.from('what?'))
      peer.send(FrameType.priority, 0, stream, Buffer.alloc(5))
      peer.data(stream, '', endStream)
    }),
    'ok',
  ],
  [
    'a thousand 103',
    (peer, stream) => {
      for (let n = 0; n < 1000; n += 1) {
        peer.send(FrameType.headers, endHeaders, stream, field(':status', '103'))
      }
      peer.respond(stream)
      peer.data(stream, 'ok', endStream)
    },
    'ok',
  ],
  [
    'a head in eight CONTINUATION',
    (peer, stream) => {
      const block = Buffer.concat([status, field('a', 'b'.repeat(20))])
      peer.send(FrameType.headers, 0, stream)
      for (let at = 0; at < 7; at += 1) {
        peer.send(FrameType.continuation, 0, stream, block.subarray(at, at + 1))
      }
      peer.send(FrameType.continuation, endHeaders, stream, block.subarray(7))
      peer.data(stream, 'ok', endStream)
    },
    'ok',
  ],
]

describe('a stream with', () => {
  it.each([...heads, ...streams])('%s', async (_name, fault, expected) => {
    const { broken, server } = await runStreamFault(fault)
    expectOutcome(broken, expected)
    if (expected === 'ok') {
      expect(Object.keys(broken.headers ?? {}).filter((name) => name !== 'a')).toEqual([])
      expect(broken.headers?.['a'] ?? '').not.toMatch(/[\0\r\n]/)
    }
    const requests = server.peers[0]?.frames.filter(({ type }) => type === FrameType.headers)
    expect(requests).toHaveLength(3)
  })
})

describe('a stream that stalls', () => {
  it.each<[string, H2Fault, Expected]>([
    ['before its head', () => {}, headersTimeout],
    [
      'in its head',
      (peer, stream) => peer.send(FrameType.headers, 0, stream, status),
      headersTimeout,
    ],
    ['behind its head', (peer, stream) => peer.respond(stream), bodyTimeout],
    ['in its body', afterHead(() => {}), bodyTimeout],
  ])('%s times out', async (name, fault, expected) => {
    const slow: H2Fault = (peer, stream, recorder) => {
      // An incomplete head blocks all other streams, so its rest comes once the request has ended.
      if (name === 'in its head') {
        void recorder().done.then(() => peer.send(FrameType.continuation, endHeaders, stream))
      }
      return fault(peer, stream, recorder)
    }
    const { broken } = await runStreamFault(slow, { headersTimeout: 150, bodyTimeout: 150 })
    expectOutcome(broken, expected)
  })
})
