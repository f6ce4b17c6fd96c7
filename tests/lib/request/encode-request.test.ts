import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { RequestFlag } from '../../../lib/native/contract.ts'
import { Origin } from '../../../lib/origins/origins.ts'
import { encodeRequest, type Route } from '../../../lib/request/encode-request.ts'
import { parseRequest } from '../../../lib/request/request-draft.ts'

const handler = {
  onRequestStart() {},
  onRequestUpgrade() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd() {},
  onResponseError() {},
}
const defaults = { allowH2: true, keepAlive: true, headersTimeout: 300_000, bodyTimeout: 7 }
const direct: Route = {
  isForwarded: false,
  usesH2c: false,
  servername: '',
  isReported: false,
  showsChunks: false,
}

interface Case {
  readonly opts?: Record<string, unknown>
  readonly given?: Partial<typeof defaults>
  readonly route?: Partial<Route>
}

function encode({ opts, given, route }: Case, origin = new Origin(new URL('http://a.test'))) {
  const draft = parseRequest({ path: '/p', method: 'GET', ...opts }, handler, origin)
  return encodeRequest(draft, { ...defaults, ...given }, { ...direct, ...route })
}

function flagsOf(flags: number): string[] {
  return Object.entries(RequestFlag)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .toSorted()
}

describe('encodeRequest()', () => {
  it('puts origin, method, target, TLS name and header lines into one text', () => {
    const { text, lines } = encode({ opts: { headers: { b: '1', host: 'h.test' } } })
    expect(lines).toBe('host: h.test\0connection: keep-alive\0b: 1\0')
    expect(text).toBe(`http://a.test:80\0GET\0/p\0\0${lines}`)
  })

  it('puts addresses behind the TLS name', () => {
    const draft = parseRequest(
      { path: '/', method: 'GET' },
      handler,
      new Origin(new URL('https://a.test')),
    )
    draft.addresses = '127.0.0.1,[::1]'
    const { text } = encodeRequest(draft, defaults, { ...direct, servername: 'b.test' })
    expect(text).toContain('\0b.test\n127.0.0.1,[::1]\0')
  })

  it('gives a forwarding proxy the whole URL', () => {
    const { text } = encode({ opts: { query: { q: 1 } }, route: { isForwarded: true } })
    expect(text).toContain('\0http://a.test/p?q=1\0')
  })

  it.each<[string, Case, string[]]>([
    ['a plain GET', {}, ['allowHttp2', 'idempotent']],
    ['a POST', { opts: { method: 'POST' } }, ['allowHttp2']],
    [
      'a DELETE with a body by useH2c, whatever allowH2 says',
      {
        opts: { method: 'DELETE', body: 'x', allowH2: false },
        given: { allowH2: false },
        route: { usesH2c: true },
      },
      ['allowHttp2', 'bytesBody'],
    ],
    ['no HTTP/2', { given: { allowH2: false } }, ['idempotent']],
    ['no HTTP/2 for this request', { opts: { allowH2: false } }, ['idempotent']],
    ['idempotent: false', { opts: { idempotent: false } }, ['allowHttp2']],
    ['reset: true', { opts: { reset: true } }, ['allowHttp2', 'closeConnection', 'idempotent']],
    ['reset: false', { opts: { reset: false } }, ['allowHttp2', 'idempotent', 'keepConnection']],
    [
      'connection: close',
      { opts: { headers: { connection: 'close' } } },
      ['allowHttp2', 'closeConnection', 'idempotent'],
    ],
    [
      'pipelining: 0',
      { given: { keepAlive: false } },
      ['allowHttp2', 'closeConnection', 'idempotent'],
    ],
    [
      'a GET with a body, which a server may leave unread',
      { opts: { body: 'x' } },
      ['allowHttp2', 'bytesBody', 'closeConnection', 'idempotent'],
    ],
    ['a POST with a body', { opts: { method: 'POST', body: 'x' } }, ['allowHttp2', 'bytesBody']],
    [
      'a stream of unknown length',
      { opts: { method: 'POST', body: Readable.from(['x']) } },
      ['allowHttp2', 'streamBody'],
    ],
    [
      'a stream of known length',
      { opts: { method: 'POST', body: Readable.from(['x']), headers: { 'content-length': '1' } } },
      ['allowHttp2', 'knownLength', 'streamBody'],
    ],
    [
      'an idempotent request that cannot be repeated',
      { opts: { method: 'PUT', idempotent: true, body: Readable.from(['x']) } },
      ['allowHttp2', 'streamBody'],
    ],
    [
      'expectContinue',
      { opts: { method: 'POST', expectContinue: true } },
      ['allowHttp2', 'expectContinue'],
    ],
    [
      'a handler that is told',
      { route: { isReported: true } },
      ['allowHttp2', 'idempotent', 'reportSent'],
    ],
    ['an upgrade', { opts: { upgrade: 'websocket', reset: true } }, ['tunnel']],
    ['CONNECT with a body', { opts: { method: 'CONNECT', body: 'x' } }, ['bytesBody', 'tunnel']],
  ])('sets the flags of %s', (_what, given, flags) => {
    expect(flagsOf(encode(given).flags)).toEqual(flags)
  })

  it.each([
    [{}, 300_000, 7],
    [{ headersTimeout: 0, bodyTimeout: null }, 0, 7],
    [{ headersTimeout: 0.2, bodyTimeout: 1e12 }, 1, 0xffffffff],
  ])('takes timeouts from %o, then from the Agent', (opts, headersTimeout, bodyTimeout) => {
    expect(encode({ opts })).toMatchObject({ headersTimeout, bodyTimeout })
  })

  it('gives the bytes of a body, or the length of a streamed one', () => {
    const body = Buffer.from('four')
    expect(encode({ opts: { method: 'POST', body } })).toMatchObject({
      bytes: body,
      streamLength: -1,
    })
    const stream = Readable.from(['four'])
    const headers = { 'content-length': '4' }
    expect(encode({ opts: { method: 'POST', body: stream, headers } })).toMatchObject({
      bytes: undefined,
      streamLength: 4,
    })
  })
})
