/** HTTP/2 frames that are unusual but allowed, frames that come too late, and more floods. */
import { describe, expect, it } from 'vitest'
import { errorsOfFaults, expectOutcome, kTimeouts } from '../support/faults.ts'
import type { Expected } from '../support/faults.ts'
import { runConnectionFault, runStreamFault } from '../support/faults-h2.ts'
import type { H2Fault } from '../support/faults-h2.ts'
import { useAgent, useH2Frames } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import {
  FrameFlag,
  FrameType,
  H2Code,
  field,
  settings,
  uint32,
} from '../support/servers/h2-frames.ts'
import type { H2Peer } from '../support/servers/h2-frames.ts'
import { turns, until } from '../support/wait.ts'

const { endHeaders, endStream, padded } = FrameFlag
const { overflow, headersTimeout } = errorsOfFaults
const kAltSvc = 0xa
const kOrigin = 0xc
const kPriorityUpdate = 0x10
const status = field(':status', '200')

function answer(peer: H2Peer, stream: number, fields?: Buffer): void {
  peer.respond(stream, 0, fields)
  peer.data(stream, 'healthy', endStream)
}

/** `send`, and then the answer. */
function before(send: (peer: H2Peer, stream: number) => void | Promise<void>): H2Fault {
  return async (peer, stream) => {
    await send(peer, stream)
    answer(peer, stream)
  }
}

/** Calls `send` many times, without filling the memory of the server. */
async function many(peer: H2Peer, count: number, send: (n: number) => void): Promise<void> {
  for (let n = 0; n < count && !peer.socket.destroyed; n += 1) {
    send(n)
    if (n % 500 === 0) await turns(1)
  }
}

const allowed: [string, H2Fault][] = [
  [
    'ALTSVC, and alt-svc',
    (peer, stream) => {
      peer.send(kAltSvc, 0, stream, Buffer.from('\0\0h2="localhost:1"'))
      answer(peer, stream, field('alt-svc', 'h2="localhost:1"; ma=9999, h3=":1"'))
    },
  ],
  ['ALTSVC of 16 KB of nothing', before((peer) => peer.send(kAltSvc, 0, 0, Buffer.alloc(16_384)))],
  ['ORIGIN', before((peer) => peer.send(kOrigin, 0, 0, Buffer.from('\0\x13https://example.com')))],
  [
    'PRIORITY_UPDATE',
    before((peer, stream) =>
      peer.send(kPriorityUpdate, 0, 0, Buffer.concat([uint32(stream), Buffer.from('u=1')])),
    ),
  ],
  [
    'a table of HPACK of 4 GB',
    before((peer) => peer.send(FrameType.settings, 0, 0, settings([1, 0xffffffff]))),
  ],
  [
    'frames of 16 MB',
    before((peer) => peer.send(FrameType.settings, 0, 0, settings([5, 0xffffff]))),
  ],
  ['no room for headers', before((peer) => peer.send(FrameType.settings, 0, 0, settings([6, 0])))],
  [
    'settings that nobody knows',
    before((peer) => peer.send(FrameType.settings, 0, 0, settings([0xf0, 7], [0, 1]))),
  ],
  [
    'frames behind the end of their stream',
    (peer, stream) => {
      answer(peer, stream)
      peer.data(stream, 'more')
      peer.respond(stream)
      peer.send(FrameType.windowUpdate, 0, stream, uint32(1))
      peer.reset(stream, H2Code.internalError)
    },
  ],
  [
    'a value of 60 KB',
    (peer, stream) => {
      const block = Buffer.concat([status, field('a', 'b'.repeat(60_000))])
      peer.send(FrameType.headers, 0, stream, block.subarray(0, 16_000))
      for (let at = 16_000; at < block.length; at += 16_000) {
        const flags = at + 16_000 < block.length ? 0 : endHeaders
        peer.send(FrameType.continuation, flags, stream, block.subarray(at, at + 16_000))
      }
      peer.data(stream, 'healthy', endStream)
    },
  ],
  [
    '20,000 frames of nothing but padding',
    async (peer, stream) => {
      const padding = Buffer.concat([Buffer.from([255]), Buffer.alloc(255)])
      peer.respond(stream)
      await many(peer, 20_000, () => peer.send(FrameType.data, padded, stream, padding))
      peer.data(stream, 'healthy', endStream)
    },
  ],
]

describe('a connection with', () => {
  it.each(allowed)('%s works', async (_name, fault) => {
    const { broken } = await runStreamFault(fault)
    expectOutcome(broken, 'healthy')
  })
})

describe('a stream with', () => {
  it.each(['+7', '7 ', '-1', '9223372036854775808', ''])(
    'content-length %j is reset, with PROTOCOL_ERROR',
    async (length) => {
      const { broken } = await runStreamFault((peer, stream) =>
        answer(peer, stream, field('content-length', length)),
      )
      expectOutcome(broken, { code: 'ERR_HTTP2_STREAM_ERROR' })
      expect(broken.error?.['http2ErrorCode']).toBe(H2Code.protocolError)
    },
  )

  it('5,100 headers is too big, and harms no other stream', async () => {
    const { broken } = await runStreamFault((peer, stream) => {
      const block = Buffer.concat([status, ...Array<Buffer>(5100).fill(field('a', 'b'))])
      peer.send(FrameType.headers, 0, stream, block.subarray(0, 16_000))
      peer.send(FrameType.continuation, endHeaders, stream, block.subarray(16_000))
      peer.data(stream, 'healthy', endStream)
    })
    expectOutcome(broken, overflow)
  })
})

const faulty: [string, H2Fault, Expected][] = [
  [
    '103 without end',
    (peer, stream) =>
      many(peer, 100_000, () =>
        peer.send(FrameType.headers, endHeaders, stream, field(':status', '103')),
      ),
    overflow,
  ],
  [
    'empty DATA without end',
    (peer, stream) => {
      peer.respond(stream)
      return many(peer, 100_000, () => peer.data(stream, ''))
    },
    {},
  ],
  [
    'empty CONTINUATION without end',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status)
      return many(peer, 100_000, () => peer.send(FrameType.continuation, 0, stream))
    },
    {},
  ],
  [
    'a table of HPACK whose size goes up and down',
    async (peer, stream) => {
      await many(peer, 5000, (n) =>
        peer.send(FrameType.settings, 0, 0, settings([1, n % 2 === 0 ? 0 : 65_536])),
      )
      peer.socket.end()
      expect(stream).toBeGreaterThan(0)
    },
    {},
  ],
  [
    'SETTINGS of 2,000 entries',
    (peer) => peer.send(FrameType.settings, 0, 0, Buffer.alloc(12_000, settings([3, 1]))),
    {},
  ],
  [
    'SETTINGS that take extended CONNECT back',
    (peer) => {
      peer.send(FrameType.settings, 0, 0, settings([8, 1]))
      peer.send(FrameType.settings, 0, 0, settings([8, 0]))
    },
    {},
  ],
  [
    'a frame larger than allowed',
    (peer, stream) => {
      peer.respond(stream)
      peer.send(FrameType.data, endStream, stream, Buffer.alloc(16_385))
    },
    {},
  ],
  [
    'GOAWAY that names more streams than the one before',
    (peer, stream) => {
      peer.goaway(stream, H2Code.noError)
      peer.goaway(stream + 20, H2Code.noError)
    },
    {},
  ],
  ['GOAWAY of its stream, and silence', (peer, stream) => peer.goaway(stream, 0), headersTimeout],
  ['a graceful GOAWAY, and silence', (peer) => peer.goaway(0x7fffffff, 0), headersTimeout],
  [
    'a thousand GOAWAY, and the answer',
    async (peer, stream) => {
      await many(peer, 1000, () => peer.goaway(stream, H2Code.noError))
      answer(peer, stream)
    },
    'healthy',
  ],
  [
    'GOAWAY with 16 KB to say, and the answer',
    (peer, stream) => {
      const last = Buffer.concat([uint32(stream), uint32(0), Buffer.alloc(16_000, 'x')])
      peer.send(FrameType.goaway, 0, 0, last)
      answer(peer, stream)
    },
    'healthy',
  ],
]

describe('a connection with', () => {
  it.each(faulty)(
    '%s ends its request once, and is not used for ever',
    async (_name, fault, expected) => {
      const { broken } = await runConnectionFault(fault, { headersTimeout: 300 })
      expectOutcome(broken, expected)
    },
  )
})

it('a server that resets nine of ten streams at once answers the tenth', async () => {
  const server = await useH2Frames(async (peer) => {
    for (let n = 0; n < 2000; n += 1) {
      const stream = await peer.request(n)
      if (n % 10 === 9) {
        answer(peer, stream)
        continue
      }
      if (n % 2 === 0) peer.respond(stream)
      peer.reset(stream, n % 3 === 0 ? H2Code.internalError : H2Code.cancel)
    }
  })
  const agent = await useAgent({ ...kTimeouts, connections: 1 })
  const { origin } = server
  const requests = Array.from({ length: 2000 }, () => exchange(agent, { origin }))
  const all = await Promise.all(requests)
  const codes = all.map(({ error }) => error?.code)
  expect(codes.filter((code) => code === 'ERR_HTTP2_STREAM_ERROR').length).toBeGreaterThan(500)
  // CANCEL before the head.
  expect(codes.filter((code) => code === 'UND_ERR_INFO').length).toBeGreaterThan(500)
  expect(all.filter(({ error }) => error)).toHaveLength(1800)
  expect(all.filter(({ text }) => text === 'healthy')).toHaveLength(200)
  expect(all.filter(({ terminalCalls }) => terminalCalls !== 1)).toEqual([])
  expect(server.peers).toHaveLength(1)
})

it('a server that allows no stream for a while is waited for, or gets another connection', async () => {
  const server = await useH2Frames(async (peer, index) => {
    const first = await peer.request(0)
    if (index === 0) {
      peer.send(FrameType.settings, 0, 0, settings([3, 0]))
      const acks = (): number =>
        peer.frames.filter(({ type, flags }) => type === FrameType.settings && flags === 1).length
      await until('no stream is allowed', () => acks() === 2)
    }
    answer(peer, first)
    peer.send(FrameType.settings, 0, 0, settings([3, 100]))
    for (let n = 1; ; n += 1) answer(peer, await peer.request(n))
  })
  const agent = await useAgent({ ...kTimeouts, connections: 1 })
  const { origin } = server
  const first = dispatch(agent, { origin })
  await first.seen('onRequestSent')
  const others = Array.from({ length: 5 }, () => exchange(agent, { origin }))
  for (const recorder of [await first.done, ...(await Promise.all(others))]) {
    expectOutcome(recorder, 'healthy')
    expect(recorder.terminalCalls).toBe(1)
  }
})
