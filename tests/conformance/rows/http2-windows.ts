/** HTTP/2: windows, and content that is sent. */
import {
  FrameFlag,
  FrameType,
  H2Code,
  field,
  settings,
  uint32,
} from '../../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../../support/servers/h2-frames.ts'
import { endless, pieces } from '../bodies.ts'
import { accepted, answer, breachRows, failed } from '../http2.ts'
import type { Breach } from '../http2.ts'
import { notMatching } from '../matchers.ts'
import { answered } from '../row.ts'
import type { Http2Row } from '../row.ts'

const { endStream } = FrameFlag

function grant(peer: H2Peer, stream: number, bytes: number): void {
  peer.send(FrameType.windowUpdate, 0, stream, uint32(bytes))
}

/** How many bytes of content have come on the stream. */
function received({ frames }: H2Peer, stream: number): number {
  return frames
    .filter((frame) => frame.type === FrameType.data && frame.stream === stream)
    .reduce((sum, { payload }) => sum + payload.length, 0)
}

/** Resolves when this many bytes have come and no more are on the way. */
async function exactly(peer: H2Peer, stream: number, bytes: number): Promise<void> {
  await peer.frame(`${bytes} bytes`, () => received(peer, stream) >= bytes)
  const pings = peer.frames.filter(({ type }) => type === FrameType.ping).length
  peer.send(FrameType.ping, 0, 0, Buffer.alloc(8))
  await peer.frame('the answer to PING', ({ type }) => type === FrameType.ping, pings)
  const came = received(peer, stream)
  if (came !== bytes) throw new Error(`${came} bytes in a window of ${bytes}`)
}

function wholeBody({ type, flags, stream }: Frame, its: number): boolean {
  return type === FrameType.data && stream === its && (flags & endStream) !== 0
}

async function untilWhole(peer: H2Peer, stream: number): Promise<void> {
  await peer.frame('all content', (frame) => wholeBody(frame, stream))
  answer(peer, stream)
}

const windows: readonly Http2Row[] = [
  {
    clause: '9113 §6.9.1',
    level: 'must',
    situation: 'a stream’s window of ten bytes, given three times',
    demand: 'never more than the window is sent',
    greet: (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 10])),
    request: { method: 'POST', body: 'x'.repeat(30) },
    answer: async (peer, stream) => {
      await exactly(peer, stream, 10)
      grant(peer, stream, 10)
      await exactly(peer, stream, 20)
      grant(peer, stream, 10)
      await exactly(peer, stream, 30)
      answer(peer, stream)
    },
    expected: { ...accepted, sent: { body: 'x'.repeat(30) } },
  },
  {
    clause: '9113 §6.9.1',
    level: 'must',
    situation: 'a window of the connection smaller than the stream’s',
    demand: 'never more than it is sent',
    greet: (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 1_000_000])),
    request: { method: 'POST', body: Buffer.alloc(65_536, 'x') },
    answer: async (peer, stream) => {
      await exactly(peer, stream, 65_535)
      grant(peer, 0, 1)
      await exactly(peer, stream, 65_536)
      answer(peer, stream)
    },
    expected: accepted,
  },
  {
    clause: '9113 §6.9.2',
    level: 'must',
    situation: 'an initial window that shrinks below what was sent',
    demand: 'nothing is sent until the window is above zero again',
    greet: (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 20])),
    request: { method: 'POST', body: 'x'.repeat(30) },
    answer: async (peer, stream) => {
      await exactly(peer, stream, 20)
      peer.send(FrameType.settings, 0, 0, settings([4, 5]))
      grant(peer, stream, 15)
      await exactly(peer, stream, 20)
      grant(peer, stream, 10)
      await exactly(peer, stream, 30)
      answer(peer, stream)
    },
    expected: { ...accepted, sent: { body: 'x'.repeat(30) } },
  },
  {
    clause: '9113 §6.9.2',
    level: 'must',
    situation: 'an initial window that grows while a stream waits for it',
    demand: 'the stream goes on',
    greet: (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 10])),
    request: { method: 'POST', body: 'x'.repeat(30) },
    answer: async (peer, stream) => {
      await exactly(peer, stream, 10)
      peer.send(FrameType.settings, 0, 0, settings([4, 30]))
      await exactly(peer, stream, 30)
      answer(peer, stream)
    },
    expected: accepted,
  },
  {
    clause: '9113 §6.9.1',
    level: 'must',
    situation: 'a window of no bytes, and no content',
    demand: 'a head needs no window',
    greet: (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 0])),
    request: { method: 'POST' },
    expected: accepted,
  },
  {
    clause: '9113 §4.2',
    level: 'must',
    situation: 'content of 40 KB to a server of frames of 16 KB',
    demand: 'no frame is larger',
    request: { method: 'POST', body: Buffer.alloc(40_000, 'x') },
    answer: async (peer, stream) => {
      await peer.frame('all content', (frame) => wholeBody(frame, stream))
      answer(peer, stream)
    },
    seen: (peer, stream) =>
      received(peer, stream) === 40_000 &&
      peer.frames.every(({ payload }) => payload.length <= 16_384),
    expected: { ...accepted, seen: true },
  },
  {
    clause: '9113 §6.9',
    level: 'should',
    situation: 'a response larger than any window at the beginning',
    demand: 'windows are given as it is read',
    answer: async (peer, stream) => {
      peer.respond(stream)
      const piece = 16_384
      for (let sent = 0; sent < 2_000_000; sent += piece) {
        await windowOf(peer, stream, initialWindow(peer), sent + piece)
        await windowOf(peer, 0, 65_535, sent + piece)
        peer.send(FrameType.data, 0, stream, Buffer.alloc(piece, 'x'))
      }
      peer.data(stream, 'end', endStream)
    },
    expected: answered,
  },
  {
    clause: '9113 §6.9.1',
    level: 'must',
    situation: 'a stream’s window beyond the greatest',
    demand: 'ends the stream, or the connection with it',
    scope: 'connection',
    request: () => ({ method: 'POST', body: endless() }),
    answer: async (peer, stream) => {
      await peer.frame('content', ({ type }) => type === FrameType.data)
      // Twice, for all of the first window may have been used.
      grant(peer, stream, 0x7fffffff)
      grant(peer, stream, 0x7fffffff)
    },
    expected: failed,
  },
  {
    clause: '9113 §6.9',
    level: 'must',
    situation: 'a window of no bytes more for a stream',
    demand: 'ends the stream, or the connection with it',
    scope: 'connection',
    answer: (peer, stream) => grant(peer, stream, 0),
    expected: failed,
  },
]

const breaches: readonly Breach[] = [
  ['a window of no bytes more for the connection', '9113 §6.9', (peer) => grant(peer, 0, 0)],
  [
    'a window of the connection beyond the greatest',
    '9113 §6.9.1',
    (peer) => grant(peer, 0, 0x7fffffff),
  ],
  [
    'WINDOW_UPDATE of three bytes',
    '9113 §6.9',
    (peer, stream) => peer.send(FrameType.windowUpdate, 0, stream, Buffer.alloc(3)),
    H2Code.frameSizeError,
  ],
  [
    'WINDOW_UPDATE of a stream that the client has not opened',
    '9113 §5.1',
    (peer) => grant(peer, 99, 1),
  ],
]

const uploads: readonly Http2Row[] = [
  {
    clause: '9113 §8.1.1',
    level: 'must',
    situation: 'content of bytes',
    demand: 'content-length is the number of bytes in DATA',
    request: { method: 'POST', body: 'abc' },
    answer: untilWhole,
    expected: { ...accepted, sent: { body: 'abc', fields: { 'content-length': ['3'] } } },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'content whose length nobody knows',
    demand: 'is DATA, and nothing is chunked',
    request: () => ({
      method: 'POST',
      body: pieces('abc', 'de'),
    }),
    answer: untilWhole,
    expected: { ...accepted, sent: { body: 'abcde', text: notMatching(/transfer-encoding/) } },
  },
  {
    clause: '9110 §15.2',
    level: 'must',
    situation: '103 while content is sent',
    demand: 'is not the response: sending goes on',
    request: { method: 'POST', body: 'x'.repeat(50_000) },
    answer: async (peer, stream) => {
      peer.send(FrameType.headers, FrameFlag.endHeaders, stream, field(':status', '103'))
      await untilWhole(peer, stream)
    },
    expected: { ...accepted, informational: [103], sent: { body: 'x'.repeat(50_000) } },
  },
]

const expectation = { method: 'POST', body: 'abc', expectContinue: true }

const expectations: readonly Http2Row[] = [
  {
    clause: '9110 §10.1.1',
    level: 'must',
    situation: 'content that waits for 100, and 100',
    demand: 'says so in its head, and is sent then',
    request: expectation,
    answer: async (peer, stream) => {
      await exactly(peer, stream, 0)
      peer.send(FrameType.headers, FrameFlag.endHeaders, stream, field(':status', '100'))
      await untilWhole(peer, stream)
    },
    expected: { ...accepted, sent: { body: 'abc', fields: { expect: ['100-continue'] } } },
  },
  {
    clause: '9110 §10.1.1',
    level: 'must',
    situation: 'content that waits for 100, and 417',
    demand: 'is not sent; 417 is the response',
    request: expectation,
    answer: (peer, stream) =>
      peer.send(
        FrameType.headers,
        FrameFlag.endHeaders | endStream,
        stream,
        field(':status', '417'),
      ),
    expected: { ...answered, status: 417, sent: { body: '' } },
  },
]

/** The SETTINGS_INITIAL_WINDOW_SIZE of the client. */
function initialWindow(peer: H2Peer): number {
  const frame = peer.frames.find(({ type, flags }) => type === FrameType.settings && flags === 0)
  const payload = frame?.payload ?? Buffer.alloc(0)
  for (let at = 0; at < payload.length; at += 6) {
    if (payload.readUInt16BE(at) === 4) return payload.readUInt32BE(at + 2)
  }
  return 65_535
}

/** Waits until the client allows `bytes` in all on the stream, or with 0 on the connection, which began with `initial`. */
async function windowOf(
  peer: H2Peer,
  stream: number,
  initial: number,
  bytes: number,
): Promise<void> {
  const isUpdate = ({ type, stream: its }: Frame): boolean =>
    type === FrameType.windowUpdate && its === stream
  for (;;) {
    const updates = peer.frames.filter(isUpdate)
    const window = updates.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), initial)
    if (window >= bytes) return
    await peer.frame('a larger window', isUpdate, updates.length)
  }
}

export const http2WindowRows: readonly Http2Row[] = [
  ...windows,
  ...breachRows(breaches),
  ...uploads,
  ...expectations,
]
