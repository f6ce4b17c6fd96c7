import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { look, refusal, thrown, undiciClient } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const

function submitted(opts: object) {
  new Agent().dispatch({ ...get, ...opts }, new Recorder())
  return client().submitted[0]
}

describe('dispatch options', () => {
  it.each<object>([
    { method: undefined },
    { method: 5 },
    { method: '' },
    { method: 'A B' },
    { upgrade: true },
    { upgrade: 'a\n' },
    { headersTimeout: -1 },
    { headersTimeout: 'x' },
    { headersTimeout: Infinity },
    { bodyTimeout: -1 },
    { bodyTimeout: NaN },
    { reset: 'yes' },
    { expectContinue: 1 },
    { throwOnError: false },
    { maxRedirections: 1 },
    { typeOfService: 256 },
    { typeOfService: 1.5 },
    { body: 5 },
    { body: true },
    { body: {} },
    { body: () => {} },
    { body: Symbol.iterator },
    { dispatcher: {} },
    // The first of several is named.
    { method: 5, path: 5, headers: 5, body: 5 },
    { headers: 5, body: 5 },
    { query: { a: 1 }, path: '/?', headers: 5 },
  ])('%j are refused in undici\u2019s words', (wrong) => {
    const opts = { ...get, ...wrong }
    const expected = refusal(undiciClient(), opts)
    expect(expected).not.toBe('none')
    expect(refusal(new Agent(), opts)).toEqual(expected)
  })

  it.each([[undefined], [null], [5]])('are refused when they are %s', (opts) => {
    expect(refusal(new Agent(), opts)).toEqual(refusal(undiciClient(), opts))
  })

  it.each<object>([
    { headersTimeout: null, bodyTimeout: null, reset: null, expectContinue: null },
    { throwOnError: null, maxRedirections: 0, typeOfService: null, query: undefined },
    { typeOfService: 255, expectContinue: true, idempotent: 'x', blocking: 1 },
    { signal: 5, opaque: 5, onInfo: 5, context: 5, unknown: 5, dispatcher: undefined },
  ])('%j are accepted', (fine) => {
    expect(refusal(new Agent(), { ...get, ...fine })).toBe('none')
    expect(client().submitted).toHaveLength(1)
  })

  it.each([['GET'], ['get'], ['patch'], ['FOO'], ['M-SEARCH']])('keep the method %s', (method) => {
    expect(submitted({ method })?.method).toBe(method)
  })

  it.each([
    [{}, 300_000, 300_000],
    [{ headersTimeout: 0, bodyTimeout: 0 }, 0, 0],
    [{ headersTimeout: 5, bodyTimeout: 7 }, 5, 7],
    [{ headersTimeout: 0.1, bodyTimeout: 1.5 }, 1, 2],
    [{ headersTimeout: 2 ** 40 }, 0xffffffff, 300_000],
  ])('%j give times of %d and %d ms', (opts, headersTimeout, bodyTimeout) => {
    expect(submitted(opts)).toMatchObject({ headersTimeout, bodyTimeout })
  })

  it('fall back to the Agent\u2019s times', () => {
    const agent = new Agent({ headersTimeout: 11, bodyTimeout: 0 })
    agent.dispatch({ ...get, headersTimeout: null }, new Recorder())
    expect(client().submitted[0]).toMatchObject({ headersTimeout: 11, bodyTimeout: 0 })
  })

  it.each([
    [{}, 'connection: keep-alive', false],
    [{ reset: false }, 'connection: keep-alive', false],
    [{ reset: true }, 'connection: close', true],
    [{ headers: { connection: 'close' } }, 'connection: close', true],
    [{ headers: { connection: 'keep-alive' } }, 'connection: keep-alive', false],
  ])('%j say "%s"', (opts, line, closes) => {
    const request = submitted(opts)
    expect(request?.lines).toEqual(['host: a.test', line])
    expect(request?.flags.includes('closeConnection')).toBe(closes)
  })

  it.each([
    [{}, true],
    [{ allowH2: true }, true],
    [{ allowH2: undefined }, true],
    [{ allowH2: false }, false],
  ])('%j allow HTTP/2: %s', (opts, allowed) => {
    expect(submitted(opts)?.flags.includes('allowHttp2')).toBe(allowed)
  })

  it.each([
    [{}, ''],
    [{ servername: 's.test' }, 's.test'],
    [{ headers: { host: 'h.test:99' } }, 'h.test'],
    [{ headers: { host: '127.0.0.1:99' } }, ''],
    [{ headers: { host: '[::1]:99' } }, ''],
    [{ servername: 's.test', headers: { host: 'h.test' } }, 's.test'],
    [{ servername: '::1' }, '::1'],
    [{ headers: { host: 'h_1.test.' } }, 'h_1.test.'],
    [{ headers: { host: 'h.test:x' } }, 'h.test'],
    [{ headers: { host: 'user:password@h.test' } }, 'user'],
    [{ headers: { host: 'user@h.test' } }, 'user@h.test'],
    [{ headers: { host: 'h.test/path' } }, 'h.test/path'],
    [{ headers: { host: 'h.test?query' } }, 'h.test?query'],
    [{ headers: { host: 'h.test#hash' } }, 'h.test#hash'],
    [{ headers: { host: 'h%2Etest' } }, 'h%2Etest'],
    [{ headers: { host: '%2Ftmp%2Fsocket' } }, '%2Ftmp%2Fsocket'],
    [{ headers: { host: '*' } }, '*'],
    [{ headers: { host: '' } }, ''],
    [{ headers: { host: 'h..test' } }, 'h..test'],
    [{ headers: { host: 'h test' } }, 'h test'],
    [{ headers: { host: 'h\u00e9.test' } }, 'h\u00c3\u00a9.test'],
    [{ headers: { host: '127.1' } }, '127.1'],
    [{ headers: { host: '0x7f.0.0.0x1' } }, '0x7f.0.0.0x1'],
    [{ headers: { host: `${'h'.repeat(255)}.test` } }, `${'h'.repeat(255)}.test`],
  ])('%j give the TLS name "%s"', (opts, servername) => {
    expect(submitted({ ...opts, origin: 'https://a.test' })?.servername).toBe(servername)
    expect(submitted(opts)?.servername).toBe('')
  })

  it.each([['a\0b'], ['a\nb'], ['\u0100'], ['a@b'], ['a/b'], ['a:1'], ['127.1'], ['*.test']])(
    'cannot smuggle anything in through servername %j',
    (servername) => {
      const handler = new Recorder()
      new Agent().dispatch({ ...get, servername } as object as typeof get, handler)
      expect(look(handler.error)).toMatchObject({ message: 'invalid servername' })
    },
  )

  it('put the host header first, whatever its place', () => {
    expect(submitted({ headers: { a: '1', Host: 'h' } })?.lines).toEqual([
      'host: h',
      'connection: keep-alive',
      'a: 1',
    ])
  })

  it('may be frozen, and are left as they are', () => {
    const opts = Object.freeze({ ...get, headers: Object.freeze({ a: '1' }) })
    new Agent().dispatch(opts, new Recorder())
    expect(client().submitted).toHaveLength(1)
    expect(opts).toEqual({ ...get, headers: { a: '1' } })
  })

  it('are read when dispatched: changes afterwards do not count', () => {
    const agent = new Agent()
    const headers = { a: '1' }
    const handler = new Recorder({
      onRequestStart: () => {
        headers.a = '2'
      },
    })
    agent.dispatch({ ...get, headers }, handler)
    expect(client().submitted[0]?.lines).toContain('a: 1')
  })
})

describe('a handler', () => {
  it.each([[null], [undefined], [5], [() => {}]])('must be an object, not %s', (handler) => {
    const expected = thrown(() => undiciClient().dispatch(get, handler as never))
    expect(expected).toMatchObject({ message: 'handler must be an object' })
    expect(thrown(() => new Agent().dispatch(get, handler as unknown as Recorder))).toEqual(
      expected,
    )
  })

  it.each([
    [{}, 'onRequestStart'],
    [{}, 'onResponseStart'],
    [{}, 'onResponseData'],
    [{}, 'onResponseEnd'],
    [{}, 'onBodySent'],
    [{}, 'onRequestSent'],
    [{ upgrade: 'x' }, 'onRequestUpgrade'],
    [{ method: 'CONNECT', path: 'a:1' }, 'onRequestUpgrade'],
  ])('with %j must have a proper %s', (opts, name) => {
    const wrong = (): Recorder => Object.assign(new Recorder(), { [name]: 5 })
    const theirs = wrong()
    const ours = wrong()
    undiciClient().dispatch({ ...get, ...opts }, theirs)
    new Agent().dispatch({ ...get, ...opts }, ours)
    expect(look(theirs.error)).toMatchObject({ message: `invalid ${name} method` })
    expect(look(ours.error)).toEqual(look(theirs.error))
    expect(ours.controller).toBeNull()
  })

  it('without onResponseError has the error thrown at it', () => {
    const handler = Object.assign(new Recorder(), { onResponseError: undefined })
    const expected = thrown(() => undiciClient().dispatch(get, handler))
    expect(expected).toMatchObject({ message: 'invalid onResponseError method' })
    expect(thrown(() => new Agent().dispatch(get, handler as unknown as Recorder))).toEqual(
      expected,
    )
  })

  it('may do without the optional methods', () => {
    const handler = Object.assign(new Recorder(), {
      onBodySent: undefined,
      onRequestSent: undefined,
    })
    expect(new Agent().dispatch(get, handler as Recorder)).toBe(true)
    expect(client().submitted[0]?.flags).not.toContain('reportSent')
  })

  it('that throws in onResponseError throws out of a dispatch that is refused', () => {
    const handler = new Recorder({
      onResponseError: () => {
        throw new Error('from the handler')
      },
    })
    expect(() => new Agent().dispatch({ ...get, path: 5 } as never, handler)).toThrow(
      'from the handler',
    )
  })
})
