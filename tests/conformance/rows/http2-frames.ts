/** HTTP/2: unknown frames, DATA, and frames that are not allowed in the state of their stream. */
import { FrameFlag, FrameType, H2Code, uint32 } from '../../support/servers/h2-frames.ts'
import { allowanceRows, answer, breachRows, status200 } from '../http2.ts'
import type { Allowance, Breach, Send } from '../http2.ts'
import type { Http2Row } from '../row.ts'

const { endHeaders, endStream, padded } = FrameFlag
const kReserved = 0x80000000

/** These frames before the response. */
function before(send: Send): Send {
  return (peer, stream) => {
    send(peer, stream)
    answer(peer, stream)
  }
}

/** These frames between the head of the response and its content. */
function within(send: Send): Send {
  return (peer, stream) => {
    peer.respond(stream)
    send(peer, stream)
    peer.data(stream, 'ok', endStream)
  }
}

const allowed: readonly Allowance[] = [
  [
    'a frame of a type that nobody knows',
    '9113 §5.5',
    'is ignored',
    before((peer, stream) => peer.send(0xf0, 0xff, stream, Buffer.from('anything'))),
  ],
  [
    'a frame of an unknown type for the connection',
    '9113 §5.5',
    'is ignored',
    before((peer) => peer.send(0xf1, 0, 0)),
  ],
  [
    'ALTSVC',
    '7838 §4',
    'is advice that a client need not take',
    before((peer, stream) => peer.send(0xa, 0, stream, Buffer.from('\0\0h2=":1"'))),
  ],
  [
    'PRIORITY_UPDATE',
    '9113 §5.5',
    'is ignored by a client that does not know it',
    before((peer, stream) =>
      peer.send(0x10, 0, 0, Buffer.concat([uint32(stream), Buffer.from('u=1')])),
    ),
  ],
  [
    'PRIORITY',
    '9113 §6.3',
    'has no effect',
    before((peer, stream) => peer.send(FrameType.priority, 0, stream, Buffer.alloc(5, 1))),
  ],
  [
    'PRIORITY of a stream that is not open',
    '9113 §5.1',
    'has no effect',
    before((peer) => peer.send(FrameType.priority, 0, 99, Buffer.alloc(5, 1))),
  ],
  [
    'flags that DATA does not have',
    '9113 §4.1',
    'are ignored',
    (peer, stream) => {
      peer.respond(stream)
      peer.data(stream, 'o', 0x80 | 0x40)
      peer.data(stream, 'k', endStream | 0x10)
    },
  ],
  [
    'the reserved bit in the number of a stream',
    '9113 §4.1',
    'is ignored',
    (peer, stream) => {
      peer.send(FrameType.headers, endHeaders, kReserved + stream, status200)
      peer.send(FrameType.data, endStream, kReserved + stream, Buffer.from('ok'))
    },
  ],
  [
    'DATA with padding',
    '9113 §6.1',
    'the padding is no content',
    within((peer, stream) =>
      peer.send(FrameType.data, padded, stream, Buffer.concat([Buffer.from([9]), Buffer.alloc(9)])),
    ),
  ],
  [
    'DATA with a padding of no bytes',
    '9113 §6.1',
    'its content is what is behind the length',
    (peer, stream) => {
      peer.respond(stream)
      peer.send(FrameType.data, padded | endStream, stream, Buffer.from('\0ok'))
    },
  ],
  ['empty DATA', '9113 §6.1', 'is no end', within((peer, stream) => peer.data(stream, ''))],
  [
    'an end of nothing but empty DATA',
    '9113 §6.1',
    'ends the response',
    (peer, stream) => {
      peer.respond(stream)
      peer.data(stream, 'ok')
      peer.data(stream, '', endStream)
    },
  ],
  [
    'frames of a stream behind its end',
    '9113 §5.1',
    'are an error of that stream at most, once it is closed',
    (peer, stream) => {
      answer(peer, stream)
      peer.send(FrameType.windowUpdate, 0, stream, uint32(1))
      peer.send(FrameType.priority, 0, stream, Buffer.alloc(5))
    },
  ],
  [
    'DATA behind the end of its stream',
    '9113 §5.1',
    'is an error of that stream at most, whose response is whole',
    (peer, stream) => {
      answer(peer, stream)
      peer.data(stream, 'more')
    },
  ],
  [
    'HEADERS behind the end of their stream',
    '9113 §5.1',
    'are an error of that stream at most, whose response is whole',
    (peer, stream) => {
      answer(peer, stream)
      peer.respond(stream)
    },
  ],
  [
    'RST_STREAM behind the end of its stream',
    '9113 §5.1',
    'changes nothing: the response is whole',
    (peer, stream) => {
      answer(peer, stream)
      peer.reset(stream, 2)
    },
  ],
]

const breaches: readonly Breach[] = [
  ['HEADERS of stream 0', '9113 §6.2', (peer) => peer.respond(0)],
  ['HEADERS of a stream that the client has not opened', '9113 §5.1.1', (peer) => peer.respond(99)],
  ['HEADERS of a stream of the server’s', '9113 §5.1.1', (peer) => peer.respond(2)],
  ['DATA of stream 0', '9113 §6.1', (peer) => peer.data(0, 'x'), H2Code.protocolError],
  [
    'DATA of a stream that the client has not opened',
    '9113 §5.1',
    (peer) => peer.data(99, 'x'),
    H2Code.protocolError,
  ],
  [
    'DATA in front of the head',
    '9113 §8.1',
    (peer, stream) => peer.data(stream, 'x'),
    H2Code.protocolError,
  ],
  [
    'DATA with more padding than there are bytes',
    '9113 §6.1',
    (peer, stream) => {
      peer.respond(stream)
      peer.send(FrameType.data, padded, stream, Buffer.from([9, 1, 2]))
    },
    H2Code.protocolError,
  ],
  [
    'SETTINGS larger than the client allows',
    '9113 §4.2',
    (peer) => peer.send(FrameType.settings, 0, 0, Buffer.alloc(16_386)),
    H2Code.frameSizeError,
  ],
  [
    'RST_STREAM of three bytes',
    '9113 §6.4',
    (peer, stream) => peer.send(FrameType.reset, 0, stream, Buffer.alloc(3)),
    H2Code.frameSizeError,
  ],
  ['RST_STREAM of stream 0', '9113 §6.4', (peer) => peer.reset(0, 8)],
  [
    'RST_STREAM of a stream that the client has not opened',
    '9113 §6.4',
    (peer) => peer.reset(99, 8),
  ],
  [
    'PUSH_PROMISE to a client that wants none',
    '9113 §6.6',
    (peer, stream) =>
      peer.send(FrameType.pushPromise, endHeaders, stream, Buffer.concat([uint32(2), status200])),
    H2Code.protocolError,
    'tells nothing',
  ],
]

export const http2FrameRows: readonly Http2Row[] = [
  ...allowanceRows(allowed),
  ...breachRows(breaches),
]
