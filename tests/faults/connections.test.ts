/** Connections that end or answer when they should not, and which requests are sent a second time. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  errorsOfFaults,
  expectOutcome,
  healthyNeighbour,
  kTimeouts,
  runFault,
} from '../support/faults.ts'
import type { Expected, Fault } from '../support/faults.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import type { Peer } from '../support/servers/raw.ts'
import { quiet, turns } from '../support/wait.ts'

const kAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const kChunks = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
const { closed, reset, headersTimeout } = errorsOfFaults
const kBig = Buffer.alloc(8_000_000, 'x')
const upload = { method: 'POST', body: kBig } as const

const connections = [
  ['plain', false],
  ['TLS', true],
] as const

/** Reads `length` bytes of the body, or all that comes. */
async function swallow(peer: Peer, length: number): Promise<void> {
  await peer.read(length)
}

describe.each(connections)('over %s, the server', (_kind, tls) => {
  const phases: [string, Fault, RequestOptions, Expected][] = [
    ['closes behind the request head', (peer) => peer.fin(), {}, closed],
    ['resets behind the request head', (peer) => peer.reset(), {}, reset],
    ['closes in an upload', (peer) => peer.fin(), upload, closed],
    ['resets in an upload', (peer) => peer.reset(), upload, reset],
    [
      'resets in the middle of an upload',
      async (peer) => {
        await swallow(peer, 1_000_000)
        peer.reset()
      },
      upload,
      reset,
    ],
    [
      'closes behind an upload',
      async (peer) => {
        await swallow(peer, kBig.length)
        peer.fin()
      },
      upload,
      closed,
    ],
    [
      'resets behind an upload',
      async (peer) => {
        await swallow(peer, kBig.length)
        peer.reset()
      },
      upload,
      reset,
    ],
    [
      'resets behind the response head',
      async (peer, broken) => {
        peer.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n')
        await broken().seen('onResponseStart')
        peer.reset()
      },
      {},
      reset,
    ],
    [
      'resets behind 1xx',
      async (peer, broken) => {
        peer.send('HTTP/1.1 103 x\r\n\r\n')
        await broken().seen('onResponseStart')
        peer.reset()
      },
      {},
      reset,
    ],
    [
      'resets in an upload that it has begun to answer',
      async (peer, broken) => {
        peer.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok')
        await broken().seen('onResponseData')
        peer.reset()
      },
      upload,
      reset,
    ],
  ]

  it.each(phases)('%s', async (_name, fault, request, expected) => {
    const { broken, arrivals } = await runFault(fault, { tls, request })
    expectOutcome(broken, expected)
    expect(arrivals).toBe(1)
  })

  it.each<[string, (peer: Peer) => void, Expected]>([
    ['closes', (peer) => peer.fin(), closed],
    ['resets', (peer) => peer.reset(), reset],
  ])('%s as soon as it has accepted the connection', async (_name, onAccept, expected) => {
    const { broken, arrivals } = await runFault(() => {}, { tls, onAccept })
    expectOutcome(broken, expected)
    expect(arrivals).toBeLessThan(2)
  })

  it('reads nothing of an upload, and answers nothing', async () => {
    const { broken } = await runFault((peer) => void peer.socket.pause(), {
      tls,
      request: { ...upload, headersTimeout: 200 },
    })
    expectOutcome(broken, headersTimeout)
  })

  it('answers an upload that it does not read', async () => {
    const { broken, arrivals } = await runFault(
      (peer) => {
        peer.socket.pause()
        peer.send('HTTP/1.1 413 x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno')
      },
      { tls, request: upload },
    )
    expectOutcome(broken, 'no')
    expect(broken.status).toBe(413)
    expect(arrivals).toBe(1)
  })

  it('half-closes behind its answer, and goes on reading', async () => {
    const { broken, server } = await runFault(
      (peer) => {
        peer.send(kAnswer)
        peer.fin()
      },
      { tls },
    )
    expectOutcome(broken, 'ok')
    expect(server.peers).toHaveLength(3)
  })

  it('half-closes behind half of its answer, and goes on reading', async () => {
    const { broken } = await runFault(
      async (peer) => {
        peer.send(kAnswer.slice(0, -1))
        peer.fin()
        await swallow(peer, kBig.length)
      },
      { tls, request: upload },
    )
    expectOutcome(broken, closed)
  })

  it('answers before it is asked', async () => {
    const onAccept: Fault = (peer) => peer.send(kAnswer)
    const { broken, arrivals } = await runFault(() => {}, { tls, onAccept })
    // It cannot be distinguished from a quick response.
    expectOutcome(broken, 'ok')
    expect(arrivals).toBe(1)
  })

  const smuggled = 'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled'
  it.each<[string, string, RequestOptions, string]>([
    ['a whole response', `${kAnswer}${smuggled}`, {}, 'ok'],
    ['half a response', `${kAnswer}${smuggled.slice(0, -3)}`, {}, 'ok'],
    ['1xx', `${kAnswer}HTTP/1.1 103 x\r\n\r\n`, {}, 'ok'],
    ['a line end', `${kAnswer}\r\n`, {}, 'ok'],
    ['one byte', `${kAnswer}\0`, {}, 'ok'],
    ['a body of HEAD', `${kAnswer}${smuggled}`, { method: 'HEAD' }, ''],
    ['a body of 204', `HTTP/1.1 204 x\r\ncontent-length: 2\r\n\r\nok${smuggled}`, {}, ''],
    ['a body of 304', `HTTP/1.1 304 x\r\ncontent-length: 2\r\n\r\nok${smuggled}`, {}, ''],
    ['an empty body', `HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n${smuggled}`, {}, ''],
    ['chunks', `${kChunks}${smuggled}`, {}, 'ok'],
    ['a part of a response, behind chunks', `${kChunks}HTTP/1.1 2`, {}, 'ok'],
    ['a line end, behind chunks', `${kChunks}\r\n`, {}, 'ok'],
  ])('sends more behind its answer: %s', async (_name, bytes, request, body) => {
    const { broken, server } = await runFault((peer) => peer.send(bytes), { tls, request })
    expectOutcome(broken, body)
    // The request that follows gets its own answer, on a connection of its own.
    expect(server.peers).toHaveLength(3)
    expect(server.peers[1]?.log).not.toContain('/after')
  })
})

describe('a kept connection that the server ends as the next request arrives', () => {
  const stream = (): RequestOptions => ({ body: Readable.from(['some']) })
  const sentAgain: [string, () => RequestOptions][] = [
    ['GET', () => ({ method: 'GET' })],
    ['HEAD', () => ({ method: 'HEAD' })],
    ['GET with a body', () => ({ method: 'GET', body: 'some' })],
    ['POST that is said to be idempotent', () => ({ method: 'POST', body: 'x', idempotent: true })],
  ]
  const sentOnce: [string, () => RequestOptions][] = [
    ['POST', () => ({ method: 'POST', body: 'some' })],
    ['POST without a body', () => ({ method: 'POST' })],
    ['PUT', () => ({ method: 'PUT', body: 'some' })],
    ['PATCH', () => ({ method: 'PATCH', body: 'some' })],
    ['DELETE', () => ({ method: 'DELETE' })],
    ['GET that is said not to be idempotent', () => ({ method: 'GET', idempotent: false })],
    ['GET with a stream', () => ({ method: 'GET', ...stream() })],
    ['POST with a stream', () => ({ method: 'POST', ...stream() })],
    [
      'POST with a stream that is said to be idempotent',
      () => ({ method: 'POST', ...stream(), idempotent: true }),
    ],
  ]
  const ends = [
    ['FIN', (peer: Peer): void => peer.fin()],
    ['RST', (peer: Peer): void => peer.reset()],
  ] as const

  /** The second request on the first connection meets `end`; `answers` says whether later connections answer. */
  async function meet(
    end: (peer: Peer) => void,
    request: RequestOptions,
    { tls = false, answers = true } = {},
  ) {
    let arrivals = 0
    const server = await useRaw(
      async (peer) => {
        for (let n = 0; ; n += 1) {
          const { head } = await peer.request()
          if (head.includes(' /broken ')) arrivals += 1
          if (head.includes(' /broken ') && (peer.index === 0 || !answers)) return end(peer)
          peer.respond(head.startsWith('HEAD') ? '' : 'fine')
        }
      },
      { tls },
    )
    const { origin } = server
    const agent = await useAgent({ ...kTimeouts, connections: 1 })
    const neighbourEnds = await healthyNeighbour(agent)
    expect((await exchange(agent, { origin })).text).toBe('fine')
    const broken = await exchange(agent, { origin, path: '/broken', ...request })
    expect((await exchange(agent, { origin })).text).toBe('fine')
    await neighbourEnds()
    await turns(3)
    expect(broken.terminalCalls).toBe(1)
    return { broken, arrivals }
  }

  describe.each(connections)('over %s', (_kind, tls) => {
    describe.each(ends)('by %s', (_how, end) => {
      it.each(sentAgain)('%s is sent again, once', async (_name, request) => {
        const { broken, arrivals } = await meet(end, request(), { tls })
        expect(broken.error).toBeUndefined()
        expect(arrivals).toBe(2)
      })

      it.each(sentOnce)('%s fails, and is not sent again', async (_name, request) => {
        const { broken, arrivals } = await meet(end, request(), { tls })
        expect(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']).toContain(broken.error?.code)
        expect(arrivals).toBe(1)
      })

      it('GET is sent again, but not for ever', async () => {
        const { broken, arrivals } = await meet(end, {}, { tls, answers: false })
        expect(['UND_ERR_SOCKET', 'ECONNRESET']).toContain(broken.error?.code)
        expect(arrivals).toBe(2)
      })

      it.each([
        ['a status line', 'HTTP/1.1 200 OK\r\na'],
        ['1xx', 'HTTP/1.1 103 x\r\n\r\n'],
        ['a head', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'],
      ])('GET is not sent again behind %s of its answer', async (_name, bytes) => {
        const partly = async (peer: Peer): Promise<void> => {
          peer.send(bytes)
          // A reset discards unread bytes; a FIN does not.
          if (end === ends[1][1]) await quiet(30)
          end(peer)
        }
        const { broken, arrivals } = await meet((peer) => void partly(peer), {}, { tls })
        expect(broken.error).toBeInstanceOf(Error)
        expect(arrivals).toBe(1)
      })
    })
  })
})
