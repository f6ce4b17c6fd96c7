import { describe, expect, it, vi } from 'vitest'
import { requestHeaders } from '../../../lib/request/request-headers.ts'
import { Agent } from '../../../lib/api/agent.ts'
import { refusal, undiciClient } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

function lines(headers: unknown): string[] {
  return requestHeaders(headers).lines.split('\0').slice(0, -1)
}

function* pairs(): Generator<[string, unknown]> {
  yield ['A', '1']
  yield ['b', ['2', '3']]
}

describe('request headers', () => {
  it.each([
    ['an object', { A: '1', b: ['2', '3'] }],
    ['a flat array', ['A', '1', 'b', ['2', '3']]],
    ['a Map', new Map<string, unknown>(pairs())],
    ['a generator', pairs()],
    ['an object with an inherited iterator', new (class extends Map<string, unknown> {})(pairs())],
    ['a frozen object', Object.freeze({ A: '1', b: Object.freeze(['2', '3']) })],
  ])('are the same lines as %s', (_, headers) => {
    expect(lines(headers)).toEqual(['A: 1', 'b: 2', 'b: 3'])
  })

  it('are taken from Headers, which lower-cases', () => {
    expect(lines(new Headers({ 'X-B': '2', 'X-A': '1' }))).toEqual(['x-a: 1', 'x-b: 2'])
  })

  it.each([[null], [undefined], [{}], [[]]])('may be %j', (headers) => {
    expect(lines(headers)).toEqual([])
  })

  it('are an object\u2019s own keys only', () => {
    expect(lines(Object.assign(Object.create({ inherited: '1' }), { own: '2' }))).toEqual([
      'own: 2',
    ])
  })

  it('are not read from an iterator planted on Object.prototype', () => {
    Object.defineProperty(Object.prototype, Symbol.iterator, {
      configurable: true,
      value: () => {
        throw new Error('planted')
      },
    })
    try {
      expect(lines({ a: '1' })).toEqual(['a: 1'])
    } finally {
      delete (Object.prototype as Partial<Iterable<unknown>>)[Symbol.iterator]
    }
  })

  it('keep case, order and repetitions', () => {
    expect(lines(['X-b', '1', 'A', '2', 'x-B', '3'])).toEqual(['X-b: 1', 'A: 2', 'x-B: 3'])
  })

  it.each([
    ['a number', 5, 'x: 5'],
    ['a boolean', true, 'x: true'],
    ['a bigint', 5n, 'x: 5'],
    ['null as an empty value', null, 'x: '],
    ['an empty string', '', 'x: '],
    ['blanks only', ' \t ', 'x:  \t '],
    ['blanks around a value, kept', '  a ', 'x:   a '],
    ['bytes above ASCII', 'caf\u00e9', 'x: caf\u00e9'],
  ])('take %s', (_, value, line) => {
    expect(lines({ x: value })).toEqual([line])
    expect(lines({ x: [value] })).toEqual([line])
  })

  it('leave out undefined values', () => {
    expect(lines({ a: undefined, b: '1', 'not a name': undefined })).toEqual(['b: 1'])
  })

  it('keep host, content-length and connection apart', () => {
    const headers = requestHeaders({
      Host: 'h:1',
      'Content-Length': 5,
      Connection: 'x, Close',
      a: '1',
    })
    expect(headers).toMatchObject({ host: 'h:1', contentLength: 5, close: true, lines: 'a: 1\0' })
    expect(requestHeaders({ connection: 'keep-alive' })).toMatchObject({ close: false, lines: '' })
  })

  it('report a content-type, alone or in a list', () => {
    expect(requestHeaders({ 'Content-Type': 'a/b' }).hasContentType).toBe(true)
    expect(requestHeaders({ 'Content-Type': ['a/b'] }).hasContentType).toBe(true)
    expect(requestHeaders({ a: '1' }).hasContentType).toBe(false)
  })

  it.each([
    [5],
    ['a: 1'],
    [true],
    [['odd']],
    [['a', '1', 'b']],
    [new Set(['a'])],
    [new Set([['a']])],
    [new Set([['a', 'b', 'c']])],
    [{ 'a b': '1' }],
    [{ '': '1' }],
    [{ '\u00e9': '1' }],
    [{ 'a:': '1' }],
    [{ a: ['1', { toString: () => 'x' }] }],
    [{ a: 'x\r\ny: 1' }],
    [{ a: 'x\0' }],
    [{ a: '\u007f' }],
    [{ a: '\u0100' }],
    [{ Abc: {} }],
    [{ a: new Date(0) }],
    [{ a: ['1', {}] }],
    [{ a: [['1']] }],
    [{ a: ['x\n'] }],
    [{ host: ['a'] }],
    [{ host: 'a', Host: 'b' }],
    [{ 'content-length': 'x' }],
    [{ 'content-length': '' }],
    [{ 'content-length': '-1' }],
    [{ 'content-length': 1.5 }],
    [{ 'content-length': ['1'] }],
    [['content-length', '1', 'Content-Length', '1']],
    [{ 'Transfer-Encoding': 'chunked' }],
    [{ 'Keep-Alive': '5' }],
    [{ Upgrade: 'x' }],
    [{ upgrade: ['x'] }],
    [{ connection: 'a b' }],
    [{ connection: '' }],
    [{ connection: ['close'] }],
    [{ Expect: '100-continue' }],
    [{ expect: ['100-continue'] }],
  ])('%j is refused in undici\u2019s words', (headers) => {
    const opts = { origin: 'http://a.test', path: '/', method: 'GET', headers }
    const expected = refusal(undiciClient(), opts)
    expect(expected).not.toBe('none')
    expect(refusal(new Agent(), opts)).toEqual(expected)
  })

  it('are refused by name when they are an array of pairs', () => {
    expect(() =>
      requestHeaders([
        ['a', '1'],
        ['b', '2'],
      ]),
    ).toThrow('invalid header key')
  })
})
