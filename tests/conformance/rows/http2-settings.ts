/** HTTP/2: how a connection begins, and SETTINGS. */
import { FrameFlag, FrameType, H2Code, settings } from '../../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../../support/servers/h2-frames.ts'
import { accepted, answer, breachRows, ended } from '../http2.ts'
import type { Breach } from '../http2.ts'
import type { Http2Row } from '../row.ts'

const { ack } = FrameFlag

function sendSettings(...pairs: [id: number, value: number][]): (peer: H2Peer) => void {
  return (peer) => peer.send(FrameType.settings, 0, 0, settings(...pairs))
}

function isAck({ type, flags, stream, payload }: Frame): boolean {
  return type === FrameType.settings && flags === ack && stream === 0 && payload.length === 0
}

/** The values of the first SETTINGS of the client, by their ids. */
function ownSettings({ frames }: H2Peer): Map<number, number> {
  const payload = frames[0]?.payload ?? Buffer.alloc(0)
  return new Map(
    Array.from({ length: payload.length / 6 }, (_, i) => [
      payload.readUInt16BE(i * 6),
      payload.readUInt32BE(i * 6 + 2),
    ]),
  )
}

const beginnings: readonly Http2Row[] = [
  {
    clause: '9113 §3.4',
    level: 'must',
    situation: 'the first bytes of a connection',
    demand: 'are the client’s preface',
    seen: ({ preface }) => preface === 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §3.4',
    level: 'must',
    situation: 'the first frame of a connection',
    demand: 'is SETTINGS, and no acknowledgement',
    seen: ({ frames }) => {
      const [first] = frames
      return first?.type === FrameType.settings && first.flags === 0 && first.stream === 0
    },
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §6.5.2',
    level: 'must',
    situation: 'the values that the client sets',
    demand: 'are within what each may have',
    seen: (peer) => {
      const [push = 0, window = 0, frame = 16_384] = [2, 4, 5].map((id) =>
        ownSettings(peer).get(id),
      )
      return push < 2 && window < 2 ** 31 && frame >= 16_384 && frame < 2 ** 24
    },
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §8.4',
    level: 'should',
    situation: 'a client that has no use for pushed responses',
    demand: 'says so in its first SETTINGS',
    seen: (peer) => ownSettings(peer).get(2) === 0,
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §5.1.1',
    level: 'must',
    situation: 'the streams of three requests',
    demand: 'have odd numbers that grow',
    seen: ({ frames }) => {
      const ids = frames
        .filter(({ type }) => type === FrameType.headers)
        .map(({ stream }) => stream)
      return ids.every((id, i) => id % 2 === 1 && id > (ids[i - 1] ?? 0))
    },
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §3.4',
    level: 'must',
    situation: 'PING where the server’s SETTINGS should be',
    demand: 'ends the connection',
    scope: 'connection',
    greet: (peer) => peer.send(FrameType.ping, 0, 0, Buffer.alloc(8)),
    answer: () => {},
    expected: ended,
  },
  {
    clause: '9113 §6.5.3',
    level: 'must',
    situation: 'SETTINGS',
    demand: 'are acknowledged, by an empty frame',
    sends: isAck,
    expected: accepted,
  },
  {
    clause: '9113 §6.5.3',
    level: 'must',
    situation: 'SETTINGS between a request and its response',
    demand: 'are acknowledged as well',
    answer: async (peer, stream) => {
      sendSettings([3, 50])(peer)
      await peer.frame('the second acknowledgement', isAck, 1)
      answer(peer, stream)
    },
    expected: accepted,
  },
  {
    clause: '9113 §6.5.2',
    level: 'must',
    situation: 'a setting that nobody knows',
    demand: 'is ignored',
    greet: sendSettings([0xf0f0, 7], [0, 1]),
    expected: accepted,
  },
  {
    clause: '9113 §6.5',
    level: 'must',
    situation: 'a setting twice in one frame',
    demand: 'the last value counts',
    greet: sendSettings([3, 0], [3, 100]),
    expected: accepted,
  },
  {
    clause: '9113 §6.5.2',
    level: 'must',
    situation: 'the greatest frames that there may be',
    demand: 'need not be used',
    greet: sendSettings([5, 0xffffff]),
    expected: accepted,
  },
  {
    clause: '9113 §10.5.1',
    level: 'may',
    situation: 'a server that takes no headers at all',
    demand: 'is advice: a request may be sent all the same',
    greet: sendSettings([6, 0]),
    expected: accepted,
  },
  {
    clause: '8441 §3',
    level: 'must',
    situation: 'a server that takes extended CONNECT',
    demand: 'changes nothing for other requests',
    greet: sendSettings([8, 1]),
    expected: accepted,
  },
  {
    clause: '9113 §5.1.2',
    level: 'must',
    situation: 'a server that allows no further stream for a while',
    demand: 'gets none until it allows them again',
    answer: async (peer, stream) => {
      sendSettings([3, 0])(peer)
      await peer.frame('the second acknowledgement', isAck, 1)
      answer(peer, stream)
      // The next request begins meanwhile.
      for (let n = 0; n < 5; n += 1) {
        peer.send(FrameType.ping, 0, 0, Buffer.alloc(8))
        await peer.frame('the answer to PING', ({ type }) => type === FrameType.ping, n)
      }
      sendSettings([3, 100])(peer)
    },
    seen: ({ frames }) => {
      const heads = frames.flatMap(({ type }, i) => (type === FrameType.headers ? [i] : []))
      const acks = frames.flatMap((frame, i) => (isAck(frame) ? [i] : []))
      return (heads[2] ?? 0) > (acks[2] ?? Infinity)
    },
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §4.3.1',
    level: 'must',
    situation: 'a server that keeps no table of header fields',
    demand: 'is told so in front of the next head, which needs none',
    answer: async (peer, stream) => {
      answer(peer, stream)
      sendSettings([1, 0])(peer)
      await peer.frame('the second acknowledgement', isAck, 1)
    },
    sends: ({ type, stream, payload }, asked) =>
      // A size update comes first, and no field from the table of 61 and more follows.
      type === FrameType.headers && stream > asked && payload[0] === 0x20,
    expected: accepted,
  },
]

const breaches: readonly Breach[] = [
  ['SETTINGS that turn push on', '9113 §6.5.2', sendSettings([2, 1])],
  ['SETTINGS with another value for push than 0 and 1', '9113 §6.5.2', sendSettings([2, 2])],
  ['SETTINGS with a window beyond the greatest', '9113 §6.5.2', sendSettings([4, 0x80000000])],
  ['SETTINGS with frames below the least', '9113 §6.5.2', sendSettings([5, 16_383])],
  ['SETTINGS with frames beyond the greatest', '9113 §6.5.2', sendSettings([5, 0x1000000])],
  ['SETTINGS with 2 for extended CONNECT', '8441 §3', sendSettings([8, 2])],
  [
    'SETTINGS that take extended CONNECT back',
    '8441 §3',
    (peer) => {
      sendSettings([8, 1])(peer)
      sendSettings([8, 0])(peer)
    },
  ],
  [
    'SETTINGS that end within a value',
    '9113 §6.5',
    (peer) => peer.send(FrameType.settings, 0, 0, Buffer.alloc(5)),
    H2Code.frameSizeError,
  ],
  [
    'SETTINGS of a stream',
    '9113 §6.5',
    (peer, stream) => peer.send(FrameType.settings, 0, stream),
    H2Code.protocolError,
    'tells nothing',
  ],
  [
    'an acknowledgement of SETTINGS with content',
    '9113 §6.5',
    (peer) => peer.send(FrameType.settings, ack, 0, settings([3, 1])),
    H2Code.frameSizeError,
  ],
]

export const http2SettingsRows: readonly Http2Row[] = [...beginnings, ...breachRows(breaches)]
