import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { Origins } from '../../../lib/origins/origins.ts'
import { requestPath, requestTarget } from '../../../lib/request/request-url.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { refusal, undiciClient } from '../support/undici-oracle.ts'
import * as undici from 'undici'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

describe('the request target', () => {
  it.each([
    ['/'],
    ['/a/../b//c?x=%zz|"<>#f'],
    ['http://other.test/x'],
    ['https://o.test'],
    ['/\u00e9\u00ff'],
  ])('%s goes out verbatim', (path) => {
    expect(requestTarget(requestPath(path, 'GET'), undefined)).toBe(path)
  })

  it.each([
    [{ b: [1, 2], c: '\u00e9 ' }, '/?b=1&b=2&c=%C3%A9%20'],
    [{ a: '' }, '/?a='],
    [{}, '/'],
    [null, '/'],
  ])('has the query %j behind it', (query, target) => {
    expect(requestTarget('/', query)).toBe(target)
  })

  it.each([
    { path: undefined },
    { path: 5 },
    { path: '' },
    { path: 'x' },
    { path: 'ftp://x' },
    { path: '/a b' },
    { path: '/\n' },
    { path: '/\u0100' },
    { path: '/?x', query: { a: 1 } },
    { path: '/#x', query: { a: 1 } },
  ])('is refused in undici\u2019s words: %j', (given) => {
    const opts = { origin: 'http://a.test', method: 'GET', ...given }
    const expected = refusal(undiciClient(), opts)
    expect(expected).not.toBe('none')
    expect(refusal(new Agent(), opts)).toEqual(expected)
  })
})

describe('the origin', () => {
  it.each([
    ['http://A.test', 'http://a.test:80'],
    ['http://a.test/', 'http://a.test:80'],
    ['http://a.test:80', 'http://a.test:80'],
    ['https://a.test', 'https://a.test:443'],
    ['https://a.test:8443', 'https://a.test:8443'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    [new URL('http://a.test:81'), 'http://a.test:81'],
  ])('%s is given to native as %s', (origin, key) => {
    new Agent().dispatch({ origin, path: '/', method: 'GET' }, new Recorder())
    expect(client().submitted.at(-1)?.origin).toBe(key)
  })

  it('is the same, however it is spelled', () => {
    const origins = new Origins(Infinity)
    const origin = origins.find('http://a.test')
    origins.register(origin)
    for (const spelling of ['http://a.test/', 'http://A.TEST:80', new URL('http://a.test')]) {
      expect(origins.find(spelling)).toBe(origin)
    }
    expect(origins.find('http://a.test:81')).not.toBe(origin)
  })

  it('is again the same for all spellings after one of them was forgotten', () => {
    const origins = new Origins(Infinity)
    const first = origins.find('http://a.test')
    origins.register(first)
    origins.forgetIfUnused(first)
    const second = origins.find('http://a.test/')
    origins.register(second)
    expect(origins.find('http://a.test')).toBe(second)
  })

  it.each([
    [undefined],
    [''],
    [5],
    [{}],
    ['nonsense'],
    ['ftp://a.test'],
    ['http://a.test/x'],
    ['http://a.test?x'],
    ['http://a.test#x'],
    [new URL('http://a.test/x')],
  ])('%s is refused in undici\u2019s words', (origin) => {
    const opts = { origin, path: '/', method: 'GET' }
    const expected = refusal(new undici.Agent(), opts)
    expect(expected).not.toBe('none')
    expect(refusal(new Agent(), opts)).toEqual(expected)
  })

  it('of a request that is refused does not count', () => {
    const agent = new Agent({ maxOrigins: 1 })
    const refused = { origin: 'http://a.test', path: 'x', method: 'GET' }
    expect(refusal(agent, refused)).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    expect(agent.stats).toEqual({})
    expect(refusal(agent, { ...refused, origin: 'http://b.test', path: '/' })).toBe('none')
  })

  it('beyond maxOrigins is refused until another one is forgotten', () => {
    const agent = new Agent({ maxOrigins: 1 })
    const first = new Recorder()
    agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, first)
    const opts = { origin: 'http://b.test', path: '/', method: 'GET' }
    expect(refusal(agent, opts)).toMatchObject({ code: 'UND_ERR_MAX_ORIGINS_REACHED' })
    client().batch((b) => b.connected('http://a.test:80').response(1))
    expect(refusal(agent, opts)).toMatchObject({ code: 'UND_ERR_MAX_ORIGINS_REACHED' })
    client().batch((b) => b.disconnected('http://a.test:80'))
    expect(refusal(agent, opts)).toBe('none')
  })
})
