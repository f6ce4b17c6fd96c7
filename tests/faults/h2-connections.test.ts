/** HTTP/2: faults of a whole connection, floods, and GOAWAY. */
import { describe, expect, it } from 'vitest'
import { errorsOfFaults, expectOutcome, healthyNeighbour, kTimeouts } from '../support/faults.ts'
import type { Expected } from '../support/faults.ts'
import { runConnectionFault, runStreamFault } from '../support/faults-h2.ts'
import type { H2Fault } from '../support/faults-h2.ts'
import { useAgent, useH2Frames, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import {
  FrameFlag,
  FrameType,
  H2Code,
  field,
  hpackText,
  settings,
  uint32,
} from '../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../support/servers/h2-frames.ts'
import { turns, until } from '../support/wait.ts'

const { headersTimeout } = errorsOfFaults
const { endHeaders, endStream, padded } = FrameFlag
const status = field(':status', '200')

function answer(peer: H2Peer, stream: number): void {
  peer.respond(stream)
  peer.data(stream, 'healthy', endStream)
}

const breaches: [string, H2Fault][] = [
  ['SETTINGS of a stream', (peer, stream) => peer.send(FrameType.settings, 0, stream)],
  ['SETTINGS with ACK and more', (peer) => peer.send(FrameType.settings, 1, 0, settings([3, 1]))],
  ['SETTINGS that turn push on', (peer) => peer.send(FrameType.settings, 0, 0, settings([2, 1]))],
  [
    'SETTINGS with a window beyond the greatest',
    (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 0x80000000])),
  ],
  [
    'SETTINGS with frames of 100 bytes',
    (peer) => peer.send(FrameType.settings, 0, 0, settings([5, 100])),
  ],
  ['PING of seven bytes', (peer) => peer.send(FrameType.ping, 0, 0, Buffer.alloc(7))],
  ['PING of a stream', (peer, stream) => peer.send(FrameType.ping, 0, stream, Buffer.alloc(8))],
  ['GOAWAY of a stream', (peer, stream) => peer.send(FrameType.goaway, 0, stream, Buffer.alloc(8))],
  ['GOAWAY of three bytes', (peer) => peer.send(FrameType.goaway, 0, 0, Buffer.alloc(3))],
  ['RST_STREAM of stream 0', (peer) => peer.reset(0, H2Code.cancel)],
  [
    'RST_STREAM of three bytes',
    (peer, stream) => peer.send(FrameType.reset, 0, stream, Buffer.alloc(3)),
  ],
  ['RST_STREAM of a stream that is not', (peer) => peer.reset(99, H2Code.cancel)],
  ['HEADERS of stream 0', (peer) => peer.respond(0)],
  ['HEADERS of a stream of the server', (peer) => peer.respond(2)],
  ['DATA before HEADERS', (peer, stream) => peer.data(stream, 'x')],
  ['DATA of a stream that is not', (peer) => peer.data(99, 'x')],
  [
    'DATA with more padding than data',
    (peer, stream) => {
      peer.respond(stream)
      peer.send(FrameType.data, padded, stream, Buffer.from([200, 1]))
    },
  ],
  [
    'PUSH_PROMISE',
    (peer, stream) =>
      peer.send(FrameType.pushPromise, endHeaders, stream, Buffer.concat([uint32(2), status])),
  ],
  [
    'CONTINUATION without HEADERS',
    (peer, stream) => peer.send(FrameType.continuation, endHeaders, stream, status),
  ],
  [
    'DATA between HEADERS and CONTINUATION',
    (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status)
      peer.data(stream, 'x')
    },
  ],
  [
    'WINDOW_UPDATE by 0 for a stream',
    (peer, stream) => peer.send(FrameType.windowUpdate, 0, stream, uint32(0)),
  ],
  [
    'WINDOW_UPDATE beyond the greatest window',
    (peer) => peer.send(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff)),
  ],
  [
    'WINDOW_UPDATE beyond the greatest window for a stream',
    (peer, stream) => peer.send(FrameType.windowUpdate, 0, stream, uint32(0x7fffffff)),
  ],
  [
    'an index of HPACK that is in no table',
    (peer, stream) => peer.send(FrameType.headers, endHeaders, stream, Buffer.from([0xfe])),
  ],
  [
    'index 0 of HPACK',
    (peer, stream) => peer.send(FrameType.headers, endHeaders, stream, Buffer.from([0x80])),
  ],
  [
    'a table of HPACK larger than allowed',
    (peer, stream) =>
      peer.send(FrameType.headers, endHeaders, stream, Buffer.from([0x3f, 0xff, 0xff, 0xff, 3])),
  ],
  [
    'a string of HPACK longer than its block',
    (peer, stream) =>
      peer.send(FrameType.headers, endHeaders, stream, Buffer.from([0, 0x7f, 0xff, 0xff, 1])),
  ],
  [
    'a head in CONTINUATION without end',
    async (peer, stream) => {
      peer.send(FrameType.headers, 0, stream, status)
      const more = field('a', 'x'.repeat(1000))
      for (let n = 0; n < 1000 && !peer.socket.destroyed; n += 1) {
        peer.send(FrameType.continuation, 0, stream, more)
        await turns(1)
      }
    },
  ],
  ['an answer of HTTP/1.1', (peer) => void peer.socket.write('HTTP/1.1 200 OK\r\n\r\nok')],
  ['zeros', (peer) => void peer.socket.write(Buffer.alloc(1000))],
]

describe('a connection with', () => {
  it.each(breaches)('%s is given up', async (_name, breach) => {
    const { broken } = await runConnectionFault(breach)
    expectOutcome(broken, {})
    expect(['ERR_HTTP2_ERROR', 'ERR_HTTP2_STREAM_ERROR', 'UND_ERR_SOCKET']).toContain(
      broken.error?.code,
    )
  })

  it.each<[string, number]>([
    ['FIN', 0],
    ['FIN in the head of a frame', 5],
    ['FIN in a frame', 12],
  ])('%s fails its stream', async (_name, length) => {
    const { broken } = await runConnectionFault((peer) => {
      // Part of a PING, which breaks no rule yet.
      peer.socket.end(Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3]).subarray(0, length))
    })
    expectOutcome(broken, { code: 'UND_ERR_SOCKET' })
  })
})

describe('a flood of', () => {
  const kMany = 20_000

  function flood(type: number, payload: (n: number) => Buffer, ofStream = false): H2Fault {
    return async (peer, stream) => {
      for (let n = 0; n < kMany && !peer.socket.destroyed; n += 1) {
        peer.send(type, 0, ofStream ? stream : 0, payload(n))
        if (n % 1000 === 0) await turns(1)
      }
      if (!peer.socket.destroyed) answer(peer, stream)
    }
  }

  it.each([
    ['SETTINGS', flood(FrameType.settings, (n) => settings([3, 100 + (n % 7)]))],
    ['empty SETTINGS', flood(FrameType.settings, () => Buffer.alloc(0))],
    ['PING', flood(FrameType.ping, () => Buffer.alloc(8))],
    ['WINDOW_UPDATE', flood(FrameType.windowUpdate, () => uint32(1))],
    ['PRIORITY', flood(FrameType.priority, () => Buffer.alloc(5), true)],
    ['frames of an unknown type', flood(0xbb, () => Buffer.alloc(100), true)],
  ])('%s ends in the answer or in an error, once', async (_name, fault) => {
    const { broken } = await runConnectionFault(fault)
    if (broken.error) {
      expect(['ERR_HTTP2_ERROR', 'UND_ERR_SOCKET', 'ECONNRESET']).toContain(broken.error.code)
    } else {
      expect(broken.text).toBe('healthy')
    }
  })

  it('few bytes that HPACK expands to large headers is refused', async () => {
    // One entry of 4 KB in the table, and then named by one byte each: 64 MB from 20 KB.
    const { broken } = await runConnectionFault((peer, stream) => {
      const entry = Buffer.concat([
        Buffer.from([0x40]),
        hpackText('a'),
        hpackText('x'.repeat(3900)),
      ])
      const block = Buffer.concat([Buffer.from([0x88]), entry, Buffer.alloc(12_000, 0xbe)])
      peer.send(FrameType.headers, endHeaders, stream, block)
    })
    expectOutcome(broken, {})
    expect(['ERR_HTTP2_ERROR', 'ERR_HTTP2_STREAM_ERROR', 'UND_ERR_SOCKET']).toContain(
      broken.error?.code,
    )
  })
})

function isAck(frame: Frame): boolean {
  return frame.type === FrameType.settings && frame.flags === FrameFlag.ack
}

/** How many bytes of bodies have come. */
function sent(peer: H2Peer): number {
  const frames = peer.frames.filter((frame) => frame.type === FrameType.data)
  return frames.reduce((sum, frame) => sum + frame.payload.length, 0)
}

describe('a window', () => {
  const upload = { method: 'POST', body: Buffer.alloc(200_000, 'x') }

  it('that never opens ends in headersTimeout', async () => {
    const { broken } = await runStreamFault(
      (peer) => peer.send(FrameType.settings, 0, 0, settings([4, 0])),
      { ...upload, headersTimeout: 300 },
    )
    expectOutcome(broken, headersTimeout)
  })

  it('that is taken back and opened again lets the upload through', async () => {
    const { broken } = await runStreamFault(async (peer, stream) => {
      peer.send(FrameType.settings, 0, 0, settings([4, 0]))
      const acks = (): number => peer.frames.filter(isAck).length
      await until('the window is taken back', () => acks() === 2)
      peer.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000))
      peer.send(FrameType.windowUpdate, 0, stream, uint32(1_000_000))
      await until('all is there', () => sent(peer) === 200_000)
      answer(peer, stream)
    }, upload)
    expectOutcome(broken, 'healthy')
  })

  it('of one byte at a time lets the upload through', async () => {
    const body = Buffer.alloc(65_535 + 50, 'x')
    const { broken } = await runStreamFault(
      async (peer, stream) => {
        await until('the first window is used', () => sent(peer) === 65_535)
        for (let n = 0; n < 50; n += 1) {
          peer.send(FrameType.windowUpdate, 0, 0, uint32(1))
          peer.send(FrameType.windowUpdate, 0, stream, uint32(1))
        }
        await until('the end', () =>
          peer.frames.some((frame) => frame.type === FrameType.data && frame.flags === endStream),
        )
        answer(peer, stream)
      },
      { method: 'POST', body },
    )
    expectOutcome(broken, 'healthy')
  })
})

describe('a request that the server says it has not processed', () => {
  const refusals: [string, (peer: H2Peer, stream: number) => void][] = [
    ['by REFUSED_STREAM', (peer, stream) => peer.reset(stream, H2Code.refusedStream)],
    ['by GOAWAY', (peer) => peer.goaway(0, H2Code.noError)],
    [
      'by a graceful GOAWAY and then another',
      (peer) => {
        peer.goaway(0x7fffffff, H2Code.noError)
        peer.goaway(0, H2Code.noError)
      },
    ],
  ]
  const requests: [string, RequestOptions][] = [
    ['GET', {}],
    ['POST', { method: 'POST', body: 'do this once' }],
  ]

  /** Refuses the first `count` requests, and counts all. */
  async function meet(
    refuse: (peer: H2Peer, stream: number) => void,
    request: RequestOptions,
    count: number,
  ) {
    let arrivals = 0
    const server = await useH2Frames(async (peer) => {
      for (let n = 0; !peer.socket.destroyed; n += 1) {
        const stream = await peer.request(n)
        arrivals += 1
        if (arrivals <= count) refuse(peer, stream)
        else answer(peer, stream)
      }
    })
    const { origin } = server
    const agent = await useAgent({ ...kTimeouts, connections: 1 })
    const neighbourEnds = await healthyNeighbour(agent)
    const broken = await exchange(agent, { origin, ...request })
    await neighbourEnds()
    await turns(3)
    expect(broken.terminalCalls).toBe(1)
    return { broken, arrivals, agent, origin }
  }

  describe.each(refusals)('%s', (_how, refuse) => {
    it.each(requests)('is sent again: %s', async (_name, request) => {
      const { broken, arrivals } = await meet(refuse, request, 1)
      expectOutcome(broken, 'healthy')
      expect(arrivals).toBe(2)
    })

    it.each(requests)('is not sent for ever: %s', async (_name, request) => {
      const { broken, arrivals } = await meet(refuse, request, 1000)
      expect(broken.error).toBeInstanceOf(Error)
      expect(arrivals).toBeLessThan(20)
    })
  })
})

it.each(['GET', 'POST'])('HTTP_1_1_REQUIRED sends %s again, over HTTP/1.1', async (method) => {
  const versions: string[] = []
  const { origin } = await useTls({
    onStream: (stream) => {
      versions.push('2.0')
      stream.close(H2Code.http11Required)
    },
    onRequest: (request, response) => {
      versions.push(request.httpVersion)
      response.end('old')
    },
  })
  const agent = await useAgent(kTimeouts)
  const recorder = await exchange(agent, { origin, method })
  expectOutcome(recorder, 'old')
  expect(versions).toEqual(['2.0', '1.1'])
})

describe('GOAWAY with an error', () => {
  it.each<[string, number, Expected]>([
    ['INTERNAL_ERROR', H2Code.internalError, {}],
    ['ENHANCE_YOUR_CALM', H2Code.enhanceYourCalm, {}],
  ])('%s and FIN fails the streams that it names', async (_name, code, expected) => {
    const { broken } = await runConnectionFault((peer, stream) => {
      peer.goaway(stream, code)
      peer.socket.end()
    })
    expectOutcome(broken, expected)
    expect(['UND_ERR_SOCKET', 'ERR_HTTP2_SESSION_ERROR']).toContain(broken.error?.code)
  })

  it.each(['POST', 'GET'])(
    'a lost connection is not a refusal: %s is not sent again',
    async (method) => {
      let arrivals = 0
      const server = await useH2Frames(async (peer) => {
        for (let n = 0; !peer.socket.destroyed; n += 1) {
          const stream = await peer.request(n)
          arrivals += 1
          if (arrivals === 2) peer.socket.end()
          else answer(peer, stream)
        }
      })
      const { origin } = server
      const agent = await useAgent({ ...kTimeouts, connections: 1 })
      await exchange(agent, { origin })
      const broken = await exchange(agent, { origin, method })
      expect(broken.error?.code).toBe('UND_ERR_SOCKET')
      expect(arrivals).toBe(2)
    },
  )
})
