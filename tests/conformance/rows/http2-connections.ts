/** HTTP/2: PING and GOAWAY. */
import { FrameFlag, FrameType, H2Code, uint32 } from '../../support/servers/h2-frames.ts'
import { accepted, answer, breachRows, ended } from '../http2.ts'
import type { Breach, Send } from '../http2.ts'
import { answered } from '../row.ts'
import type { Http2Row } from '../row.ts'

const { ack } = FrameFlag
const pings: readonly Http2Row[] = [
  {
    clause: '9113 §6.7',
    level: 'must',
    situation: 'PING',
    demand: 'is answered with the same eight bytes',
    answer: (peer, stream) => {
      peer.send(FrameType.ping, 0, 0, Buffer.from('conforms'))
      answer(peer, stream)
    },
    sends: ({ type, flags, stream, payload }) =>
      type === FrameType.ping && flags === ack && stream === 0 && payload.toString() === 'conforms',
    expected: accepted,
  },
  {
    clause: '9113 §6.7',
    level: 'must',
    situation: 'an answer to a PING that was not sent',
    demand: 'is not answered',
    answer: (peer, stream) => {
      peer.send(FrameType.ping, ack, 0, Buffer.alloc(8))
      answer(peer, stream)
    },
    seen: ({ frames }) => frames.every(({ type }) => type !== FrameType.ping),
    expected: { ...accepted, seen: true },
    undici: { differs: 'ends the connection', observed: 'harm' },
  },
]

function goaway(last: (stream: number) => number, code: number, then = answer): Send {
  return (peer, stream) => {
    peer.goaway(last(stream), code)
    then(peer, stream)
  }
}

const silent = (): void => {}

const goaways: readonly Http2Row[] = [
  {
    clause: '9113 §6.8',
    level: 'must',
    situation: 'GOAWAY that names all streams, and the response',
    demand: 'the response counts; new requests go to another connection',
    scope: 'connection',
    answer: goaway(() => 0x7fffffff, H2Code.noError),
    expected: { ...answered, body: 'ok', kept: false },
  },
  {
    clause: '9113 §6.8',
    level: 'must',
    situation: 'GOAWAY that names the stream, and the response',
    demand: 'the response counts; new requests go to another connection',
    scope: 'connection',
    answer: goaway((stream) => stream, H2Code.noError),
    expected: { ...answered, body: 'ok', kept: false },
  },
  ...(['GET', 'POST'] as const).map((method): Http2Row => ({
    clause: '9113 §6.8',
    level: 'may',
    situation: `GOAWAY that does not name the stream of a ${method}`,
    demand: 'it was not processed, and may be sent again on another connection',
    scope: 'connection',
    request: { method },
    answer: goaway(() => 0, H2Code.noError, silent),
    expected: { end: 'answered', body: 'healthy', arrivals: 2, kept: false },
  })),
  {
    clause: '9113 §6.8',
    level: 'must',
    situation: 'GOAWAY with something to say',
    demand: 'what it says is for people: the response counts',
    scope: 'connection',
    answer: (peer, stream) => {
      const payload = Buffer.concat([uint32(stream), uint32(0), Buffer.from('good bye\0\xff')])
      peer.send(FrameType.goaway, 0, 0, payload)
      answer(peer, stream)
    },
    expected: { ...answered, body: 'ok', kept: false },
  },
  {
    clause: '9113 §5.4.1',
    level: 'must',
    situation: 'GOAWAY with an error, and the end of the connection',
    demand: 'its streams fail; new requests go to another connection',
    scope: 'connection',
    answer: (peer, stream) => {
      peer.goaway(stream, H2Code.internalError)
      peer.socket.end()
    },
    expected: ended,
  },
  {
    clause: '9113 §7',
    level: 'must',
    situation: 'GOAWAY with an error that nobody knows, and the end of the connection',
    demand: 'is an error like any other',
    scope: 'connection',
    answer: (peer, stream) => {
      peer.goaway(stream, 0xf0f0f0f0)
      peer.socket.end()
    },
    expected: ended,
  },
]

const breaches: readonly Breach[] = [
  [
    'PING of seven bytes',
    '9113 §6.7',
    (peer) => peer.send(FrameType.ping, 0, 0, Buffer.alloc(7)),
    H2Code.frameSizeError,
  ],
  [
    'PING of nine bytes',
    '9113 §6.7',
    (peer) => peer.send(FrameType.ping, 0, 0, Buffer.alloc(9)),
    H2Code.frameSizeError,
  ],
  [
    'PING of a stream',
    '9113 §6.7',
    (peer, stream) => peer.send(FrameType.ping, 0, stream, Buffer.alloc(8)),
    H2Code.protocolError,
    'tells nothing',
  ],
  [
    'GOAWAY of a stream',
    '9113 §6.8',
    (peer, stream) => peer.send(FrameType.goaway, 0, stream, Buffer.alloc(8)),
    H2Code.protocolError,
    'tells nothing',
  ],
  [
    'GOAWAY of seven bytes',
    '9113 §6.8',
    (peer) => peer.send(FrameType.goaway, 0, 0, Buffer.alloc(7)),
    H2Code.frameSizeError,
  ],
]

export const http2ConnectionRows: readonly Http2Row[] = [
  ...pings,
  ...goaways,
  ...breachRows(breaches),
]
