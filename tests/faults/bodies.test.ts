/** Bodies with wrong framing. */
import { describe, expect, it } from 'vitest'
import { errorsOfFaults, expectOutcome, runFault } from '../support/faults.ts'
import type { Expected, Fault } from '../support/faults.ts'
import { exchange } from '../support/recorder.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'

const kOk = 'HTTP/1.1 200 OK\r\n'
const kTwo = 'content-length: 2\r\n'
const kChunked = 'transfer-encoding: chunked\r\n'
const { parser, overflow, closed, bodyTimeout } = errorsOfFaults

const connections = [
  ['plain', false],
  ['TLS', true],
] as const

function shown(text: string): string {
  return text.length > 40 ? `${text.length} bytes long` : JSON.stringify(text)
}

function lengths(expected: Expected, values: string[]): [string, string, Expected][] {
  return values.map((value) => [
    `content-length ${JSON.stringify(value)}`,
    `${kOk}content-length: ${value}\r\n\r\nok`,
    expected,
  ])
}

function codings(expected: Expected, values: string[]): [string, string, Expected][] {
  return values.map((value) => [
    `transfer-encoding ${JSON.stringify(value)}`,
    `${kOk}transfer-encoding: ${value}\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    expected,
  ])
}

function sizes(expected: Expected, values: string[]): [string, string, Expected][] {
  return values.map((value) => [
    `chunk size ${shown(value)}`,
    `${kOk}${kChunked}\r\n${value}\r\nok\r\n0\r\n\r\n`,
    expected,
  ])
}

function trailers(expected: Expected, lines: string[]): [string, string, Expected][] {
  return lines.map((line) => [
    `trailer ${shown(line)}`,
    `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\n${line}\r\n\r\n`,
    expected,
  ])
}

const bodies: [string, string, Expected][] = [
  ...lengths(parser, ['+2', '2 2', '2,3', '2;', '0x2', '1e1', '2.0', '', '99999999999999999999']),
  ...lengths('ok', ['02', '2 ', '\t2\t']),
  ['content-length twice, the same', `${kOk}${kTwo}${kTwo}\r\nok`, 'ok'],
  ['a length in 1xx', `HTTP/1.1 103 x\r\ncontent-length: 5\r\n\r\n${kOk}${kTwo}\r\nok`, 'ok'],
  ['a coding in 1xx', `HTTP/1.1 103 x\r\n${kChunked}\r\n${kOk}${kTwo}\r\nok`, 'ok'],
  ['content-length with 204', `HTTP/1.1 204 x\r\n${kTwo}\r\n`, ''],
  ...codings(parser, ['gzip', 'gzip, chunked', 'chunked, gzip', 'xchunked', 'chunked;a=b']),
  ...codings(parser, ['"chunked"', '\x0bchunked']),
  ...codings('ok', ['Chunked', ' chunked ', 'identity, chunked']),
  ['chunked twice', `${kOk}${kChunked}${kChunked}\r\n2\r\nok\r\n0\r\n\r\n`, 'ok'],
  ...sizes(parser, ['-1', '+2', ' 2', '0x2', 'g', '', '10000000000000002']),
  ...sizes(parser, ['2x', '2 ', '2\t', '2 ;ext', '2;a\0b', '2;a\rb', '2;a\nb', '2\r']),
  ['chunks that end lines with LF', `${kOk}${kChunked}\r\n2\nok\n0\n\n`, parser],
  ['a chunk size that ends with LF', `${kOk}${kChunked}\r\n2\nok\r\n0\r\n\r\n`, parser],
  ['a chunk that ends with LF', `${kOk}${kChunked}\r\n2\r\nok\n0\r\n\r\n`, parser],
  ['a last line that ends with LF', `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\n\n`, parser],
  ['a trailer that ends with LF', `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\na: b\n\r\n`, parser],
  ['less data than the chunk size', `${kOk}${kChunked}\r\n2\r\no\r\n0\r\n\r\n`, parser],
  ...sizes('ok', ['02', '2;ext', '2;a=b;c="d"', `2;${'x'.repeat(20_000)}`]),
  ['more data than the chunk size', `${kOk}${kChunked}\r\n2\r\nokay\r\n0\r\n\r\n`, parser],
  ['no line end behind the data of a chunk', `${kOk}${kChunked}\r\n2\r\nok0\r\n\r\n`, parser],
  ['a bare CR behind a chunk size', `${kOk}${kChunked}\r\n2\rok\r\n0\r\n\r\n`, parser],
  ...trailers(parser, ['no colon', 'a: b\0c', 'a: b\rc', 'a b: c', 'content-length: 2']),
  ...trailers(overflow, [`a: ${'x'.repeat(20_000)}`, 'a: bcdefghi\r\n'.repeat(2000)]),
  ['length and coding at once', `${kOk}${kTwo}${kChunked}\r\n2\r\nok\r\n0\r\n\r\n`, parser],
  ['coding and length at once', `${kOk}${kChunked}${kTwo}\r\n2\r\nok\r\n0\r\n\r\n`, parser],
]

describe.each(connections)('over %s, a body with', (_kind, tls) => {
  it.each(bodies)('%s', async (_name, bytes, expected) => {
    const { broken, arrivals } = await runFault((peer) => peer.send(bytes), { tls })
    expectOutcome(broken, expected)
    expect(arrivals).toBe(1)
  })

  it.each([
    ['fewer bytes than content-length', `${kOk}content-length: 10\r\n\r\nok`],
    ['the greatest content-length', `${kOk}content-length: 9223372036854775807\r\n\r\nok`],
    ['fewer bytes than the chunk', `${kOk}${kChunked}\r\nffff\r\nok`],
    ['no last chunk', `${kOk}${kChunked}\r\n2\r\nok\r\n`],
    ['no line end behind the trailers', `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\na: b\r\n`],
    ['no length, and no end', `${kOk}\r\nok`],
    ['transfer-encoding: identity', `${kOk}transfer-encoding: identity\r\n\r\nok`],
  ])('%s waits until bodyTimeout', async (_name, bytes) => {
    const request = { bodyTimeout: 120 }
    const { broken } = await runFault((peer) => peer.send(bytes), { tls, request })
    expectOutcome(broken, bodyTimeout)
    expect(broken.text).toBe('ok')
  })

  it('a stall after each byte arrives complete, if bodyTimeout allows it', async () => {
    const fault: Fault = async (peer) => {
      for (const byte of `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\na: b\r\n\r\n`) {
        peer.send(byte)
        await new Promise((resolve) => {
          setTimeout(resolve, 2)
        })
      }
    }
    const { broken } = await runFault(fault, { tls })
    expectOutcome(broken, 'ok')
    expect(broken.trailers).toEqual({ a: 'b' })
  })

  it('a fault behind complete chunks is reported after them, and at once', async () => {
    const bytes = `${kOk}${kChunked}\r\n2\r\nok\r\n4x\r\n`
    const { broken } = await runFault((peer) => peer.send(bytes), { tls })
    expectOutcome(broken, parser)
    expect(broken.text).toBe('ok')
  })

  it.each([
    ['a chunk extension', `${kOk}${kChunked}\r\n2;`, 'x'.repeat(1000)],
    ['the digits of a chunk size', `${kOk}${kChunked}\r\n`, '0'],
    ['the trailers', `${kOk}${kChunked}\r\n2\r\nok\r\n0\r\n`, 'a: b\r\n'.repeat(100)],
  ])('%s that never ends is still an error', async (_name, begin, more) => {
    const fault: Fault = async (peer) => {
      peer.send(begin)
      const timer = setInterval(() => peer.send(more), 1)
      await peer.ended
      clearInterval(timer)
    }
    const { broken } = await runFault(fault, { tls, request: { bodyTimeout: 500 } })
    expect(broken.error).toBeInstanceOf(Error)
    expect(broken.names).not.toContain('onResponseEnd')
  })
})

describe('a response that is cut after each of its bytes', () => {
  const whole = [
    ['content-length', `${kOk}${kTwo}\r\nok`],
    ['chunks', `${kOk}${kChunked}\r\n2;ext=1\r\nok\r\n0\r\na: b\r\n\r\n`],
    ['1xx and a head', `HTTP/1.1 103 x\r\nlink: x\r\n\r\n${kOk}${kTwo}\r\nok`],
  ] as const
  const ends = [
    ['FIN', false],
    ['RST', false],
    ['FIN over TLS', true],
    ['RST over TLS', true],
  ] as const

  for (const [framing, bytes] of whole) {
    it.each(ends)(`${framing}, by %s, fails once at each`, async (end, tls) => {
      // The place to cut at is the path; it begins behind the healthy ones.
      const server = await useRaw(
        async (peer) => {
          for (;;) {
            const head = await peer.head()
            const at = Number(/ \/(\d+) /.exec(head)?.[1])
            peer.send(bytes.slice(0, at))
            if (at === bytes.length) continue
            if (end.startsWith('RST')) peer.reset()
            else peer.fin()
          }
        },
        { tls },
      )
      const agent = await useAgent()
      const { origin } = server
      const paths = Array.from({ length: bytes.length + 1 }, (_, at) => `/${at}`)
      const all = await Promise.all(paths.map((path) => exchange(agent, { origin, path })))
      for (const [at, recorder] of all.entries()) {
        expect(recorder.terminalCalls).toBe(1)
        if (at === bytes.length) {
          expectOutcome(recorder, 'ok')
        } else if (end.startsWith('FIN') && !bytes.slice(0, at).endsWith('\r')) {
          expectOutcome(recorder, closed)
        } else {
          // What the client has not read is lost with a reset, so where it stops is open; it is never an end. A CR alone
          // libcurl may take for a line that does not end as it should.
          expect(recorder.names).not.toContain('onResponseEnd')
          expect([closed.name, parser.name, 'Error']).toContain(recorder.error?.name)
          if (recorder.error?.name === 'Error') expect(recorder.error.code).toBe('ECONNRESET')
        }
      }
      const wire = server.peers.map((peer) => peer.log).join('')
      expect(wire.match(/GET /g)).toHaveLength(paths.length)
    })
  }
})
