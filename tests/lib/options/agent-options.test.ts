import * as http from 'node:http'
import * as net from 'node:net'
import * as tls from 'node:tls'
import * as undici from 'undici'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import type { NativeClientOptions } from '../../../lib/native/contract.ts'
import { noProxy } from '../../../lib/options/proxy.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { thrown } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

/** What the native client is made with. */
function native(options: object = {}, origin = 'http://a.test'): NativeClientOptions {
  new Agent(options).dispatch({ origin, path: '/', method: 'GET' }, new Recorder())
  return client().options
}

describe('Agent options', () => {
  it.each<object>([
    { connections: -1 },
    { connections: 'x' },
    { connections: Infinity },
    { maxHeaderSize: 0 },
    { maxHeaderSize: 'x' },
    { socketPath: 5 },
    { connectTimeout: -1 },
    { connectTimeout: 'x' },
    { connectTimeout: NaN },
    { keepAliveTimeout: 0 },
    { keepAliveTimeout: 'x' },
    { keepAliveMaxTimeout: -1 },
    { keepAliveTimeoutThreshold: 'x' },
    { headersTimeout: -1 },
    { headersTimeout: 1.5 },
    { bodyTimeout: -1 },
    { bodyTimeout: 'x' },
    { maxRequestsPerClient: -1 },
    { maxRequestsPerClient: 'x' },
    { localAddress: 'x' },
    { localAddress: 5 },
    { maxResponseSize: -2 },
    { maxResponseSize: 'x' },
    { autoSelectFamilyAttemptTimeout: -2 },
    { allowH2: 'x' },
    { maxConcurrentStreams: 0 },
    { useH2c: 'x' },
    { initialWindowSize: 0 },
    { connectionWindowSize: 'x' },
    { pingInterval: -1 },
    { h2Options: { maxConcurrentStreams: 0 } },
    { h2Options: { useH2c: 'x' } },
    { h2Options: { connectionWindowSize: 0 } },
    { h2Options: { pingInterval: -1 } },
    { h2Options: { settings: { initialWindowSize: 0 } } },
    { keepAlive: true },
    { socketTimeout: 5 },
    { requestTimeout: 5 },
    { idleTimeout: 5 },
    { maxKeepAliveTimeout: 5 },
    { connect: 5 },
    { factory: 5 },
    { maxOrigins: 0 },
    { maxOrigins: 'x' },
    { maxCachedSessions: -1 },
  ])('%j throw what undici throws, from the constructor', (options) => {
    const expected = [
      thrown(() => new undici.Client('http://a.test', options as undici.Client.Options)),
      thrown(() => new undici.Pool('http://a.test', options as undici.Pool.Options)),
      thrown(() => new undici.Agent(options as undici.Agent.Options)),
    ].filter((look) => look !== 'none')
    expect(expected).not.toEqual([])
    expect(expected).toContainEqual(thrown(() => new Agent(options)))
  })

  it.each<object>([
    {},
    { connections: null, maxRequestsPerClient: null, localAddress: null, connect: null },
    { connections: 0, headersTimeout: 0, bodyTimeout: 0, connectTimeout: 0, maxResponseSize: -1 },
    { pipelining: 10, keepAliveMaxTimeout: 5, keepAliveTimeoutThreshold: -5, clientTtl: 5 },
    { maxCachedSessions: 0, autoSelectFamily: false, interceptors: {}, unknown: 5 },
    { h2Options: { pingInterval: 0, settings: { initialWindowSize: 1 } }, localAddress: '::1' },
    { connect: { keepAlive: true, keepAliveInitialDelay: 5, noDelay: true, lookup: undefined } },
  ])('%j are accepted', (options) => {
    expect(thrown(() => new Agent(options))).toBe('none')
  })

  it.each<[object, string]>([
    [{ signal: {} }, 'signal must be an AbortSignal'],
    [{ loopThreads: 0 }, 'loopThreads must be a positive integer'],
    [{ loopThreads: 1.5 }, 'loopThreads must be a positive integer'],
    [{ connect: { timeout: -1 } }, 'invalid connectTimeout'],
    [{ connect: { servername: 5 } }, 'invalid connect.servername'],
    [{ connect: { servername: 'a\0b' } }, 'invalid connect.servername'],
    [{ connect: { servername: 'a:b@c' } }, 'invalid connect.servername'],
    [{ connect: { servername: 'a/b' } }, 'invalid connect.servername'],
    [{ connect: { socketPath: 5 } }, 'invalid socketPath'],
    [{ connect: { localAddress: 'x' } }, 'localAddress must be valid string IP address'],
    [{ socketPath: 'a\0b' }, 'invalid socketPath'],
    [{ socketPath: '\0' }, 'invalid socketPath'],
    [{ socketPath: '\0a\0b' }, 'invalid socketPath'],
    [{ connect: { localPort: 1.5 } }, 'invalid connect.localPort'],
    [
      { connect: { maxCachedSessions: -1 } },
      'maxCachedSessions must be a positive integer or zero',
    ],
  ])('%j are refused by name', (options, message) => {
    expect(thrown(() => new Agent(options))).toEqual({
      name: 'InvalidArgumentError',
      code: 'UND_ERR_INVALID_ARG',
      message,
    })
  })

  it.each<[object, string, string | undefined]>([
    [{ ca: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ key: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ key: { pem: 'x' } }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ cert: 'x' }, 'Error', 'ERR_OSSL_PEM_NO_START_LINE'],
    [{ pfx: 'x' }, 'Error', undefined],
    [{ crl: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ passphrase: 5, key: 'x' }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ ciphers: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ ciphers: 'none' }, 'Error', 'ERR_SSL_NO_CIPHER_MATCH'],
    [{ ecdhCurve: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ sigalgs: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ secureOptions: 'x' }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ minVersion: 'SSLv3' }, 'TypeError', 'ERR_TLS_INVALID_PROTOCOL_VERSION'],
    [{ maxVersion: 'x' }, 'TypeError', 'ERR_TLS_INVALID_PROTOCOL_VERSION'],
    [{ localPort: 'x' }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    [{ lookup: 5 }, 'TypeError', 'ERR_INVALID_ARG_TYPE'],
  ])('connect: %j is refused as by Node', (connect, name, code) => {
    expect(thrown(() => new Agent({ connect: { ...connect } }))).toMatchObject({ name, code })
  })

  it.each<[object, string]>([
    [{ connect: () => {} }, 'connect function'],
    [{ proxy: 'env', connect: { checkServerIdentity: () => {} } }, 'checkServerIdentity'],
    [{ proxy: 'env', tls: { secureContext: {} } }, 'secureContext'],
  ])('%j together with a proxy are refused, not ignored', (options, name) => {
    vi.stubEnv('http_proxy', 'http://localhost:1')
    const error = thrown(() => new Agent({ proxy: 'http://localhost:1', ...options }))
    expect(error).toMatchObject({ code: 'UND_ERR_NOT_SUPPORTED' })
    expect(error).toHaveProperty('message', expect.stringContaining(name))
  })
})

describe('the native client', () => {
  it('has undici\u2019s defaults', () => {
    expect(native()).toEqual({
      connections: 0,
      maxConcurrentStreams: 100,
      streamWindow: 262_144,
      connectionWindow: 0,
      pingInterval: 60_000,
      maxHeaderSize: http.maxHeaderSize,
      maxRequestsPerConnection: 0,
      maxResponseSize: -1,
      connectTimeout: 10_000,
      streamTimeout: 300_000,
      keepAliveTimeout: 4000,
      keepAliveTimeoutThreshold: 2000,
      keepAliveMaxTimeout: 600_000,
      clientTtl: 0,
      happyEyeballsTimeout: net.getDefaultAutoSelectFamilyAttemptTimeout(),
      http2PriorKnowledge: false,
      socketsAreGiven: false,
      keepAlive: true,
      ipv4Only: false,
      tcpKeepAlive: true,
      tcpKeepAliveDelay: 60_000,
      localPort: 0,
      localAddress: '',
      socketPath: '',
      loopThreads: 0,
      proxy: noProxy,
      tls: expect.objectContaining({ ca: '' }),
    })
  })

  it.each<[object, Partial<NativeClientOptions>]>([
    [
      { connections: 5, maxConcurrentStreams: 7 },
      { connections: 5, maxConcurrentStreams: 7 },
    ],
    [
      { h2Options: { maxConcurrentStreams: 8 }, maxConcurrentStreams: 7 },
      { maxConcurrentStreams: 8 },
    ],
    [
      { maxHeaderSize: 100, maxResponseSize: 3 },
      { maxHeaderSize: 100, maxResponseSize: 3 },
    ],
    [{ maxRequestsPerClient: 2 }, { maxRequestsPerConnection: 2 }],
    [{ connectTimeout: 0 }, { connectTimeout: 0 }],
    [{ connectTimeout: 0.5 }, { connectTimeout: 1 }],
    [{ connectTimeout: 5, connect: { timeout: 7 } }, { connectTimeout: 7 }],
    [{ connectTimeout: 5, tls: { timeout: 7 }, connect: { timeout: 9 } }, { connectTimeout: 9 }],
    [{ keepAliveTimeout: 10 }, { keepAliveTimeout: 10 }],
    [{ localAddress: '127.0.0.2' }, { localAddress: '127.0.0.2' }],
    [{ connect: { localAddress: '127.0.0.3' } }, { localAddress: '127.0.0.3' }],
    [{ socketPath: '/x' }, { socketPath: '/x' }],
    [{ connect: { socketPath: '/y' } }, { socketPath: '/y' }],
    [{ connect: { keepAlive: false } }, { tcpKeepAlive: false }],
    [{ connect: { keepAliveInitialDelay: 5000 } }, { tcpKeepAliveDelay: 5000 }],
    [{ connect: { keepAliveInitialDelay: -1 } }, { tcpKeepAliveDelay: 0 }],
    [{ connect: { localPort: 4000 } }, { localPort: 4000 }],
    [{ connect: { family: 4 } }, { ipv4Only: true }],
    [{ autoSelectFamilyAttemptTimeout: 50 }, { happyEyeballsTimeout: 50 }],
    [{ autoSelectFamilyAttemptTimeout: 1 }, { happyEyeballsTimeout: 10 }],
    [{ loopThreads: 3 }, { loopThreads: 3 }],
    [{ useH2c: true }, { http2PriorKnowledge: true }],
    [{ h2Options: { useH2c: true } }, { http2PriorKnowledge: true }],
    [{ useH2c: true, h2Options: { useH2c: false } }, { http2PriorKnowledge: false }],
    [{ useH2c: true, connect: { useH2c: false } }, { http2PriorKnowledge: false }],
    [{ useH2c: true, allowH2: false }, { http2PriorKnowledge: true }],
  ])('of %j is made with %j', (options, expected) => {
    expect(native(options)).toMatchObject(expected)
  })

  it('closes connections under pipelining: 0, and sends connection: close', () => {
    native({ pipelining: 0 })
    expect(client().submitted[0]).toMatchObject({ lines: ['host: a.test', 'connection: close'] })
    expect(client().submitted[0]?.flags).toContain('closeConnection')
  })

  it.each([
    [{}, true],
    [{ allowH2: true }, true],
    [{ allowH2: false }, false],
    [{ connect: { allowH2: false } }, false],
  ])('of %j offers HTTP/2: %s', (options, isAllowed) => {
    native(options)
    expect(client().submitted[0]?.flags.includes('allowHttp2')).toBe(isAllowed)
  })
})

describe('TLS options', () => {
  const secure = (connect: object, options: object = {}): NativeClientOptions['tls'] =>
    native({ connect, ...options }, 'https://a.test').tls

  afterEach(() => vi.unstubAllEnvs())

  it('trust what Node trusts by default', () => {
    const { ca, ...rest } = secure({})
    expect(ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(tls.getCACertificates('default').length)
    expect(rest).toEqual({
      caFile: '',
      caPath: '',
      crl: '',
      certs: [],
      keys: [],
      pfxs: [],
      ciphers: expect.stringMatching(/^ECDHE-.*:HIGH:!aNULL:/),
      cipherSuites: expect.stringMatching(/^TLS_.*:TLS_AES_128_GCM_SHA256$/),
      curves: '',
      sigalgs: '',
      secureOptions: 0,
      servername: '',
      minVersion: 0x0303,
      maxVersion: 0x0304,
      rejectUnauthorized: true,
      trustsPartialChains: false,
      keepsSessions: true,
    })
  })

  it.each<[object, object]>([
    [{ ca: 'A' }, { ca: 'A' }],
    [{ ca: Buffer.from('A') }, { ca: 'A' }],
    [{ ca: ['A', Buffer.from('B')] }, { ca: 'A\nB' }],
    [{ ca: [] }, { ca: '' }],
    [
      { ca: 'A', ciphers: 'HIGH', servername: 's.test' },
      { ciphers: 'HIGH', cipherSuites: '', maxVersion: 0x0304, servername: 's.test' },
    ],
    [
      { ca: 'A', ciphers: 'TLS_AES_128_GCM_SHA256' },
      { ciphers: '', cipherSuites: 'TLS_AES_128_GCM_SHA256', minVersion: 0x0304 },
    ],
    [
      { ca: 'A', ciphers: 'HIGH:TLS_AES_128_GCM_SHA256' },
      { ciphers: 'HIGH', cipherSuites: 'TLS_AES_128_GCM_SHA256', maxVersion: 0x0304 },
    ],
    [{ ca: 'A', ecdhCurve: 'auto' }, { curves: '' }],
    [{ ca: 'A', ecdhCurve: 'P-256' }, { curves: 'P-256' }],
    [{ ca: 'A', secureOptions: -(2 ** 31) }, { secureOptions: 2 ** 31 }],
    [{ ca: 'A', maxCachedSessions: 0 }, { keepsSessions: false }],
    [{ ca: 'A', allowPartialTrustChain: true }, { trustsPartialChains: true }],
    [{ ca: '', minVersion: 'TLSv1.3' }, { minVersion: 0x0304 }],
    [{ ca: '', maxVersion: 'TLSv1.2' }, { maxVersion: 0x0303 }],
    [{ ca: '', rejectUnauthorized: false }, { rejectUnauthorized: false }],
  ])('%j become %j', (connect, expected) => {
    expect(secure(connect)).toMatchObject(expected)
  })

  it('are taken from `tls` too, and `connect` wins', () => {
    const tlsOptions = { ca: 'A', servername: 'from-tls.test' }
    expect(secure({ ca: 'B' }, { tls: tlsOptions })).toMatchObject({
      ca: 'B',
      servername: 'from-tls.test',
    })
  })

  it.each([
    ['0', undefined, false],
    ['1', undefined, true],
    ['0', true, true],
    ['1', false, false],
  ])(
    'under NODE_TLS_REJECT_UNAUTHORIZED=%s with rejectUnauthorized: %s verify: %s',
    (env, given, expected) => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', env)
      const connect = given === undefined ? { ca: '' } : { ca: '', rejectUnauthorized: given }
      expect(secure(connect).rejectUnauthorized).toBe(expected)
    },
  )
})
