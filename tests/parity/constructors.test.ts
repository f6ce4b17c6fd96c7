/**
 * The arguments that the constructors of agents and pools accept, and the errors that they throw: undici's and
 * dodici's.
 */
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { onBoth, outcomeOf } from '../support/libraries.ts'
import { useEnvironment } from '../support/proxying.ts'

type Name =
  | 'ProxyAgent'
  | 'EnvHttpProxyAgent'
  | 'Socks5ProxyAgent'
  | 'BalancedPool'
  | 'RoundRobinPool'
  | 'H2CClient'

const uri = 'http://a.test'
const socks = 'socks5://a.test'

// Lists of arguments.
const given: Record<Name, readonly unknown[][]> = {
  ProxyAgent: [
    [],
    [null],
    [''],
    [{}],
    [{ uri: '' }],
    ['nonsense'],
    ['ftp://a.test'],
    ['socks://a.test/x'],
    ['http://a.test/path'],
    ['http://a.test/?x'],
    ['http://a.test#f'],
    [new URL('https://a.test/')],
    ['http://u%zz@a.test'],
    [{ uri, auth: 'x', token: 'y' }],
    [{ uri, clientFactory: 5 }],
    [{ uri, factory: 5 }],
    [{ uri, maxOrigins: 0 }],
    [{ uri, connect: 5 }],
    [{ uri, requestTls: { maxCachedSessions: 2 } }],
  ],
  EnvHttpProxyAgent: [
    [],
    [{}],
    [{ httpProxy: '' }],
    [{ httpProxy: 'x' }],
    [{ httpsProxy: 'ftp://a.test' }],
    [{ noProxy: '' }],
    [{ connect: 5 }],
    [{ auth: 'a', token: 'b' }],
    [{ httpProxy: uri, auth: 'a', token: 'b' }],
    [{ httpProxy: uri, httpsProxy: 'http://b.test/x' }],
  ],
  Socks5ProxyAgent: [
    [],
    [null],
    [''],
    ['nonsense'],
    ['http://a.test'],
    [socks],
    ['socks://a.test'],
    [new URL(socks)],
    ['socks5h://a.test'],
    [socks, { connectTimeout: -1 }],
    [socks, { connectTimeout: 'x' }],
    [socks, { requestTls: { timeout: -1 } }],
    [socks, { proxyTls: { timeout: -1 } }],
    [socks, { username: 'u', password: 'p', headers: { a: 'b' } }],
  ],
  BalancedPool: [
    [],
    [[]],
    [''],
    ['https://a.test'],
    [{ origin: uri }],
    [5],
    [[null]],
    [[uri, 'http://a.test/x']],
    [[uri, new URL('http://b.test')]],
    [uri, { factory: 5 }],
    [uri, { factory: null }],
    [uri, null],
    [uri, { connections: -1 }],
    [uri, { maxWeightPerServer: 5, errorPenalty: 2 }],
  ],
  H2CClient: [
    [''],
    ['https://a.test'],
    [uri],
    [new URL(uri)],
    [{ origin: uri }],
    [uri, null],
    [uri, { pipelining: 200 }],
    [uri, { pipelining: 200, maxConcurrentStreams: 300 }],
    [uri, { maxConcurrentStreams: 0 }],
    [uri, { maxConcurrentStreams: 5 }],
    [uri, { maxConcurrentStreams: 5, pipelining: 5 }],
    [uri, { allowH2: false }],
  ],
  RoundRobinPool: [
    [],
    [''],
    [uri],
    [new URL('https://a.test:8443')],
    [{ origin: uri }],
    ['ftp://a.test'],
    ['http://a.test/x'],
    [uri, { connections: -1 }],
    [uri, { connections: 'x' }],
    [uri, { factory: 5 }],
    [uri, { connect: 5 }],
    [uri, { clientTtl: 5 }],
  ],
}

describe.each(Object.keys(given) as Name[])('new %s', (name) => {
  it.each(given[name].map((args) => [args]))('with %o', async (args) => {
    useEnvironment({})
    const outcome = await onBoth((library) => {
      const Made = library[name] as unknown as new (...args: unknown[]) => Dispatcher
      return outcomeOf(() => {
        const made = new Made(...args)
        onTestFinished(() => made.destroy())
      })
    })
    expect(outcome).toBeDefined()
  })
})
