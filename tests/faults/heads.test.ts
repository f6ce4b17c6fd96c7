/** Response heads that break HTTP/1.1's rules, and heads that only just obey them. */
import { describe, expect, it } from 'vitest'
import { errorsOfFaults, expectOutcome, runFault } from '../support/faults.ts'
import type { Expected } from '../support/faults.ts'
import { until } from '../support/wait.ts'

const kOk = 'HTTP/1.1 200 OK\r\n'
const kRest = 'content-length: 2\r\n\r\nok'
const { parser, overflow, headersTimeout } = errorsOfFaults

const connections = [
  ['plain', false],
  ['TLS', true],
] as const

const statusLines: [string, string][] = [
  ['four digits of status', 'HTTP/1.1 2000 OK'],
  ['two digits of status', 'HTTP/1.1 20 OK'],
  ['status 099', 'HTTP/1.1 099 x'],
  ['status 000', 'HTTP/1.1 000 x'],
  ['a negative status', 'HTTP/1.1 -200 OK'],
  ['a signed status', 'HTTP/1.1 +200 OK'],
  ['letters for digits', 'HTTP/1.1 2OO OK'],
  ['no blank behind the status', 'HTTP/1.1 200OK'],
  ['no blank behind the version', 'HTTP/1.1200 OK'],
  ['two blanks', 'HTTP/1.1  200 OK'],
  ['a tab', 'HTTP/1.1\t200 OK'],
  ['no status', 'HTTP/1.1 '],
  ['the protocol alone', 'HTTP/'],
  ['a minor version too high', 'HTTP/1.2 200 OK'],
  ['a version of two digits', 'HTTP/11.1 200 OK'],
  ['HTTP/2.0 in text', 'HTTP/2.0 200 OK'],
  ['HTTP/2 in text', 'HTTP/2 200 OK'],
  ['HTTP/2 in text, without a blank at the end', 'HTTP/2 200'],
  ['HTTP/3 in text', 'HTTP/3 200 OK'],
  ['HTTP/3 in text, without a blank at the end', 'HTTP/3 200'],
  ['small letters', 'http/1.1 200 OK'],
  ['a blank in front', ' HTTP/1.1 200 OK'],
  ['a NUL in front', '\0HTTP/1.1 200 OK'],
  ['a NUL in the status text', 'HTTP/1.1 200 O\0K'],
  ['a bare CR in the status text', 'HTTP/1.1 200 O\rK'],
  ['a control character in the status text', 'HTTP/1.1 200 O\x01K'],
  ['another protocol', 'ICY 200 OK'],
  ['a request', 'GET / HTTP/1.1'],
  ['nothing', ''],
]

const fields: [string, string][] = [
  ['a NUL in a value', 'a: b\0c'],
  ['a NUL in a name', 'a\0b: c'],
  ['a NUL behind content-length', 'content-length\0: 5'],
  ['a bare CR in a value', 'a: b\rc'],
  ['a bare CR at the end', 'a: b\r'],
  ['a bare LF at the end', 'a: b\nc: d'],
  ['a control character in a value', 'a: b\x01c'],
  ['DEL in a value', 'a: b\x7fc'],
  ['no colon', 'nocolon'],
  ['no name', ': x'],
  ['a blank within a name', 'a b: c'],
  ['a blank in front of the colon', 'a : c'],
  ['a blank in front of the colon of transfer-encoding', 'transfer-encoding : chunked'],
  ['a tab in front of the colon', 'a\t: c'],
  ['an eight-bit name', '\xe9: c'],
  ['delimiters in a name', '(a): c'],
  ['quotes around a name', '"a": b'],
  ['a folded line without a line before it', ' a: b'],
  ['two lengths that differ', 'content-length: 3'],
  ['a status line among the headers', 'HTTP/1.1 200 OK'],
]

const heads: [string, string, Expected][] = [
  ...statusLines.map(([name, line]): [string, string, Expected] => [
    `a status line with ${name}`,
    `${line}\r\n${kRest}`,
    parser,
  ]),
  ...fields.map(([name, line]): [string, string, Expected] => [
    `a header line with ${name}`,
    `${kOk}${line}\r\n${kRest}`,
    parser,
  ]),
  ['lines that end with LF alone', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok', parser],
  ['a head that ends with LF alone', `${kOk}content-length: 2\r\n\nok`, parser],
  ['a line that ends with two CR', `HTTP/1.1 200 OK\r\r\n${kRest}`, parser],
  ['a thousand NULs', '\0'.repeat(1000), parser],
  ['10,000 headers', `${kOk}${'a: b\r\n'.repeat(10_000)}${kRest}`, overflow],
  ['a value of 200 KB', `${kOk}a: ${'x'.repeat(200_000)}\r\n${kRest}`, overflow],
  ['a name of 20 KB', `${kOk}${'x'.repeat(20_000)}: a\r\n${kRest}`, overflow],
  ['1xx with a body', `HTTP/1.1 103 x\r\ncontent-length: 2\r\n\r\nok${kOk}${kRest}`, parser],
  ['1xx with a status line that is none', `HTTP/1.1 103\r\n\r\nHTTP/1.1 1\r\n${kRest}`, parser],
  ['101 that nobody asked for', `HTTP/1.1 101 x\r\n\r\n`, { message: 'bad upgrade' }],
  // What is odd and allowed.
  ['1,500 headers', `${kOk}${'a: b\r\n'.repeat(1500)}${kRest}`, 'ok'],
  ['status 600', `HTTP/1.1 600 x\r\n${kRest}`, 'ok'],
  ['status 999', `HTTP/1.1 999 x\r\n${kRest}`, 'ok'],
  ['no status text and no blank', `HTTP/1.1 200\r\n${kRest}`, 'ok'],
  ['an eight-bit status text', `HTTP/1.1 200 \xe9\r\n${kRest}`, 'ok'],
  ['an eight-bit value', `${kOk}a: \xe9\r\n${kRest}`, 'ok'],
  ['an empty value', `${kOk}a:\r\n${kRest}`, 'ok'],
  ['a thousand 103', `${'HTTP/1.1 103 x\r\nlink: x\r\n\r\n'.repeat(1000)}${kOk}${kRest}`, 'ok'],
  ['a thousand 100', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)}${kOk}${kRest}`, 'ok'],
]

describe.each(connections)('over %s, a response with', (_kind, tls) => {
  it.each(heads)('%s', async (_name, bytes, expected) => {
    const { broken, arrivals } = await runFault((peer) => peer.send(bytes), { tls })
    expectOutcome(broken, expected)
    expect(arrivals).toBe(1)
    if (typeof expected !== 'string') expect(broken.text).toBe('')
  })
})

describe.each(connections)('over %s, a head that never ends', (_kind, tls) => {
  it.each([
    ['in one header line', kOk + 'a: ', 'x'.repeat(1000)],
    ['in one header name', kOk, 'x'.repeat(1000)],
    ['in its status line', 'HTTP/1.1 200 ', 'x'.repeat(1000)],
    ['in blank header values', kOk, 'a:\r\n'.repeat(250)],
  ])('%s is too big', async (_name, begin, more) => {
    const { broken } = await runFault(
      async (peer) => {
        peer.send(begin)
        const timer = setInterval(() => peer.send(more), 0)
        await peer.ended
        clearInterval(timer)
      },
      { tls },
    )
    expectOutcome(broken, overflow)
  })

  it('in 1xx heads ends only when the request is aborted', async () => {
    const { broken } = await runFault(
      async (peer, recorder) => {
        const timer = setInterval(() => peer.send('HTTP/1.1 103 x\r\n\r\n'.repeat(10)), 0)
        await until('a hundred came', () => recorder().count('onResponseStart') > 100)
        recorder().controller?.abort(new Error('enough'))
        await peer.ended
        clearInterval(timer)
      },
      { tls },
    )
    expectOutcome(broken, { message: 'enough' })
  })

  it('byte by byte ends in headersTimeout', async () => {
    const { broken } = await runFault(
      async (peer) => {
        const bytes = `${kOk}a: ${'x'.repeat(10_000)}`
        let at = 0
        const timer = setInterval(() => peer.send(bytes.charAt(at++)), 5)
        await peer.ended
        clearInterval(timer)
      },
      { tls, request: { headersTimeout: 150 } },
    )
    expectOutcome(broken, headersTimeout)
  })

  it('with a CR for each line ends in headersTimeout', async () => {
    const { broken } = await runFault(
      (peer) => peer.send('HTTP/1.1 200 OK\rcontent-length: 2\r\rok'),
      { tls, request: { headersTimeout: 150 } },
    )
    expectOutcome(broken, headersTimeout)
  })
})
