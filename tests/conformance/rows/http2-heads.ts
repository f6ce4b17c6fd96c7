/** HTTP/2: the frames of a head, and how its fields are compressed. */
import { FrameFlag, FrameType, H2Code, field, uint32 } from '../../support/servers/h2-frames.ts'
import { allowanceRows, breachRows, status200 } from '../http2.ts'
import type { Allowance, Breach, Send } from '../http2.ts'
import type { Http2Row } from '../row.ts'

const { endHeaders, endStream, padded } = FrameFlag
const kPriority = 0x20

function continued(...pieces: Buffer[]): Send {
  return (peer, stream) => {
    for (const [i, piece] of pieces.entries()) {
      const type = i === 0 ? FrameType.headers : FrameType.continuation
      peer.send(type, i === pieces.length - 1 ? endHeaders : 0, stream, piece)
    }
    peer.data(stream, 'ok', endStream)
  }
}

/** A head of these bytes. */
function block(...bytes: number[]): Send {
  return (peer, stream) => peer.send(FrameType.headers, endHeaders, stream, Buffer.from(bytes))
}

const kValue = 'b'.repeat(40_000)
const large = Buffer.concat([status200, field('x-a', kValue)])

const allowed: readonly Allowance[] = [
  [
    'HEADERS with padding',
    '9113 §6.2',
    'the padding is no field',
    (peer, stream) => {
      const payload = Buffer.concat([Buffer.from([7]), status200, Buffer.alloc(7)])
      peer.send(FrameType.headers, endHeaders | padded, stream, payload)
      peer.data(stream, 'ok', endStream)
    },
  ],
  [
    'HEADERS with a priority',
    '9113 §6.2',
    'the priority is no field',
    (peer, stream) => {
      const payload = Buffer.concat([uint32(0), Buffer.from([15]), status200])
      peer.send(FrameType.headers, endHeaders | kPriority, stream, payload)
      peer.data(stream, 'ok', endStream)
    },
  ],
  [
    'a head in two frames',
    '9113 §4.3',
    'is one head',
    continued(status200, field('x-a', 'b')),
    { headers: { 'x-a': 'b' } },
  ],
  [
    'a head whose frames end within fields',
    '9113 §6.10',
    'is one head',
    continued(...'\x88 \0 \x03 x-a \x01 b'.split(' ').map((piece) => Buffer.from(piece, 'latin1'))),
    { headers: { 'x-a': 'b' } },
  ],
  [
    'an empty HEADERS and a CONTINUATION with all fields',
    '9113 §6.10',
    'is one head',
    continued(Buffer.alloc(0), status200),
  ],
  [
    'a head that ends the stream and goes on in CONTINUATION',
    '9113 §6.2',
    'ends it with its last frame',
    (peer, stream) => {
      peer.send(FrameType.headers, endStream, stream, status200)
      peer.send(FrameType.continuation, endHeaders, stream, field('x-a', 'b'))
    },
    { body: '', headers: { 'x-a': 'b' } },
  ],
  [
    'a value of 40 KB in three frames',
    '9113 §4.3',
    'comes through',
    continued(large.subarray(0, 16_000), large.subarray(16_000, 32_000), large.subarray(32_000)),
    { headers: { 'x-a': kValue } },
  ],
]

const breaches: readonly Breach[] = [
  [
    'HEADERS with more padding than there are bytes',
    '9113 §6.2',
    (peer, stream) =>
      peer.send(FrameType.headers, endHeaders | padded, stream, Buffer.from([9, 0x88])),
    H2Code.protocolError,
  ],
  [
    'HEADERS larger than the client allows',
    '9113 §4.2',
    (peer, stream) => peer.send(FrameType.headers, endHeaders, stream, Buffer.alloc(16_385)),
    H2Code.frameSizeError,
  ],
  [
    'CONTINUATION of nothing',
    '9113 §6.10',
    (peer, stream) => peer.send(FrameType.continuation, endHeaders, stream, status200),
    H2Code.protocolError,
  ],
  [
    'CONTINUATION behind a whole head',
    '9113 §6.10',
    (peer, stream) => {
      peer.respond(stream)
      peer.send(FrameType.continuation, endHeaders, stream, field('x-a', 'b'))
    },
    H2Code.protocolError,
  ],
  [
    'DATA within a head',
    '9113 §4.3',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status200)
      peer.data(stream, 'x')
    },
    H2Code.protocolError,
  ],
  [
    'PING within a head',
    '9113 §4.3',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status200)
      peer.send(FrameType.ping, 0, 0, Buffer.alloc(8))
    },
    H2Code.protocolError,
  ],
  [
    'a frame of an unknown type within a head',
    '9113 §5.5',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status200)
      peer.send(0xf0, 0, stream)
    },
    H2Code.protocolError,
  ],
  [
    'CONTINUATION of another stream',
    '9113 §6.10',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status200)
      peer.send(FrameType.continuation, endHeaders, stream + 2, field('x-a', 'b'))
    },
    H2Code.protocolError,
  ],
  [
    'a head with a field from a place where there is none',
    '9113 §4.3',
    block(0x88, 0xff, 0x7f),
    H2Code.compressionError,
  ],
  ['a head with field number 0', '9113 §4.3', block(0x88, 0x80), H2Code.compressionError],
  [
    'a head that ends within a field',
    '9113 §4.3',
    block(0x88, 0, 5, 0x61),
    H2Code.compressionError,
  ],
  [
    'a head with a code that ends in the sign of the end',
    '9113 §4.3',
    block(0x88, 0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 0x61),
    H2Code.compressionError,
  ],
  [
    'a head with a table larger than the client allows',
    '9113 §4.3.1',
    block(0x3f, 0xff, 0xff, 0xff, 0x7f, 0x88),
    H2Code.compressionError,
  ],
  [
    'a head whose table changes behind its first field',
    '9113 §4.3.1',
    block(0x88, 0x20),
    H2Code.compressionError,
  ],
]

export const http2HeadRows: readonly Http2Row[] = [
  ...allowanceRows(allowed),
  ...breachRows(breaches),
]
