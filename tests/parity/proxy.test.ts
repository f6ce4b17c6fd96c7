/** The same scenarios through undici's ProxyAgent and through our Agent's `proxy`, on real proxies and recording ones. */
import { ProxyAgent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, ProxyAgent as OurProxyAgent } from '../../lib/index.ts'
import type { ProxyOptions } from '../../lib/index.ts'
import { certificates } from '../support/certificates.ts'
import { useRaw } from '../support/fixtures.ts'
import {
  failure,
  get,
  login,
  plainLogin,
  useOrigins,
  useProgram,
  useProxy,
  withLogin,
} from '../support/proxying.ts'
import { startMicrosocks, startProxy, startTinyproxy } from '../support/servers/proxies.ts'

const kinds = [
  {
    kind: 'undici',
    make: (proxy: ProxyOptions): Dispatcher => new ProxyAgent(proxy as ProxyAgent.Options),
  },
  { kind: 'dodici', make: (proxy: ProxyOptions): Dispatcher => new Agent({ proxy }) },
  {
    kind: "dodici's ProxyAgent",
    make: (proxy: ProxyOptions): Dispatcher => new OurProxyAgent(proxy),
  },
]

describe.each(kinds)('a proxy, with $kind', ({ make }) => {
  function use(options: ProxyOptions): Dispatcher {
    const trusting = {
      ...options,
      requestTls: { ca: certificates().ca, ...options.requestTls },
    }
    const dispatcher = make(trusting)
    onTestFinished(() => dispatcher.destroy())
    return dispatcher
  }

  it('forwards http and tunnels https', async () => {
    const [plain, secure] = await useOrigins()
    const proxy = await useProxy()
    const dispatcher = use({ uri: proxy.uri })
    expect((await get(dispatcher, `${plain?.origin}/a?b=1`)).url).toBe('/a?b=1')
    expect((await get(dispatcher, `${secure?.origin}/c`)).url).toBe('/c')
    expect(proxy.seen.map(({ line }) => line)).toEqual([
      `GET ${plain?.origin}/a?b=1`,
      `CONNECT ${new URL(secure?.origin ?? '').host}`,
    ])
    expect(proxy.seen[0]?.headers.host).toBe(new URL(plain?.origin ?? '').host)
    expect(proxy.seen[0]?.headers).not.toHaveProperty('proxy-connection')
    expect(proxy.seen[1]?.headers['proxy-connection']).toMatch(/^keep-alive$/i)
  })

  it('tunnels http too with proxyTunnel', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    const dispatcher = use({ uri: proxy.uri, proxyTunnel: true })
    await get(dispatcher, `${plain?.origin}/1`)
    expect(proxy.seen.map(({ line }) => line)).toEqual([
      `CONNECT ${new URL(plain?.origin ?? '').host}`,
    ])
  })

  it('gets the credentials and headers, but the origin behind the tunnel does not', async () => {
    const origins = await useOrigins()
    const proxy = await useProxy()
    const options = { proxyTunnel: true, headers: { 'x-for-proxy': 'yes' } }
    const basic = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`
    const uri = withLogin('http', proxy.port, login)
    const cases: [ProxyOptions, string][] = [
      [{ uri, ...options }, basic],
      [{ uri: new URL(uri), ...options }, basic],
      [{ uri: proxy.uri, token: 'Bearer abc', ...options }, 'Bearer abc'],
      [{ uri: proxy.uri, auth: 'YTpi', ...options }, 'Basic YTpi'],
    ]
    for (const [given, expected] of cases) {
      for (const { origin } of origins) {
        const { headers } = await get(
          use({ ...given, headers: { ...given.headers } }),
          `${origin}/`,
        )
        expect(headers).not.toHaveProperty('proxy-authorization')
        expect(headers).not.toHaveProperty('x-for-proxy')
        expect(proxy.seen.at(-1)?.headers).toMatchObject({
          'proxy-authorization': expected,
          'x-for-proxy': 'yes',
        })
      }
    }
  })

  it.each([407, 403, 502])('that answers CONNECT with %i aborts the request', async (status) => {
    const origins = await useOrigins()
    const proxy = await useProxy({
      onConnect: (client) =>
        client.end(
          `HTTP/1.1 ${status} No\r\nproxy-authenticate: Basic realm="x"\r\ncontent-length: 3\r\n\r\nno!`,
        ),
    })
    for (const { origin } of origins) {
      const uri = withLogin('http', proxy.port, login)
      const error = await failure(use({ uri, proxyTunnel: true }), `${origin}/`)
      expect(error.message).toBe(`Proxy response (${status}) !== 200 when HTTP Tunneling`)
      expect(error.code).toBe('UND_ERR_ABORTED')
      expect(JSON.stringify(error) + error.stack).not.toContain(login.user)
    }
    expect(proxy.seen).toHaveLength(2)
  })

  it('that forwards and answers 407 fails the request', async () => {
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      peer.respond(
        '',
        'proxy-authenticate: Basic realm="x"\r\n',
        '407 Proxy Authentication Required',
      )
    })
    const error = await failure(use({ uri: proxy.origin }), 'http://a.test/')
    expect(error.message).toBe('Proxy Authentication Required (407)')
    expect(error.code).toBe('UND_ERR_INVALID_ARG')
  })

  it('that closes before the tunnel is open fails the request', async () => {
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      peer.fin()
    })
    const error = await failure(use({ uri: proxy.origin }), 'https://a.test/')
    expect(error.code).toBe('UND_ERR_PRX_CONN')
    expect(error.name).toBe('ProxyConnectionError')
    expect(error.cause).toMatchObject({ code: 'UND_ERR_SOCKET', message: 'other side closed' })
  })

  it('that does not listen is named in the error', async () => {
    const proxy = await startProxy()
    await proxy.close()
    for (const scheme of ['http', 'https']) {
      const uri = withLogin('http', proxy.port, login)
      const error = await failure(use({ uri }), `${scheme}://a.test/`)
      expect(error.message).toBe(`connect ECONNREFUSED 127.0.0.1:${proxy.port}`)
    }
  })

  it('does not allow proxy-authorization in the headers of a request', async () => {
    const proxy = await useProxy()
    const dispatcher = use({ uri: proxy.uri })
    const sent = request('http://a.test/', {
      dispatcher,
      headers: { 'Proxy-Authorization': 'Basic YTpi' },
    })
    await expect(sent).rejects.toThrow(
      'Proxy-Authorization should be sent in ProxyAgent constructor',
    )
    expect(proxy.seen).toEqual([])
  })

  it('may itself speak TLS, trusted by proxyTls', async () => {
    const origins = await useOrigins()
    const proxy = await useProxy({ tls: certificates().good })
    for (const proxyTunnel of [false, true]) {
      const dispatcher = use({ uri: proxy.uri, proxyTunnel, proxyTls: { ca: certificates().ca } })
      for (const { origin } of origins) {
        expect((await get(dispatcher, `${origin}/t`)).url).toBe('/t')
      }
    }
    expect(proxy.seen).toHaveLength(4)
  })

  it("that speaks TLS is not trusted by the origin's authorities, nor the origin by the proxy's", async () => {
    const [, secure] = await useOrigins()
    const proxy = await useProxy({ tls: certificates().good })
    const { ca } = certificates()
    const nobody = certificates().selfSigned.cert
    for (const [proxyCa, requestCa] of [
      [nobody, ca],
      [ca, nobody],
    ] as const) {
      const dispatcher = use({
        uri: proxy.uri,
        proxyTls: { ca: proxyCa },
        requestTls: { ca: requestCa },
      })
      const error = await failure(dispatcher, `${secure?.origin}/`)
      expect(error.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    }
    expect(proxy.seen).toHaveLength(1)
  })

  it('that has a certificate for another name fails the request', async () => {
    const proxy = await useProxy({ tls: certificates().wrongHost })
    const dispatcher = use({ uri: proxy.uri, proxyTls: { ca: certificates().ca } })
    const error = await failure(dispatcher, 'https://a.test/')
    expect(error.code).toBe('UND_ERR_PRX_TLS')
    expect(error.cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(proxy.seen).toEqual([])
  })

  it.each([false, true])('is tinyproxy, proxyTunnel %s', async (proxyTunnel) => {
    const origins = await useOrigins()
    const port = await useProgram(startTinyproxy(plainLogin))
    const dispatcher = use({ uri: withLogin('http', port, plainLogin), proxyTunnel })
    for (const { origin } of origins) {
      expect((await get(dispatcher, `${origin}/tiny`)).url).toBe('/tiny')
    }
    const stranger = use({ uri: `http://127.0.0.1:${port}`, proxyTunnel: true })
    const error = await failure(stranger, `${origins[0]?.origin}/`)
    expect(error.message).toMatch(/^Proxy response \(40[17]\) !== 200 when HTTP Tunneling$/)
  })

  it('is microsocks, with and without credentials', async () => {
    const origins = await useOrigins()
    const open = await useProgram(startMicrosocks())
    const guarded = await useProgram(startMicrosocks(plainLogin))
    const uris = [`socks5://127.0.0.1:${open}`, withLogin('socks5', guarded, plainLogin)]
    for (const uri of uris) {
      const dispatcher = use({ uri })
      for (const { origin } of origins) {
        expect((await get(dispatcher, `${origin}/socks`)).url).toBe('/socks')
      }
    }
  })

  it('is microsocks, which reports a refused connection', async () => {
    const port = await useProgram(startMicrosocks())
    const gone = await startProxy()
    await gone.close()
    const dispatcher = use({ uri: `socks5://127.0.0.1:${port}` })
    const error = await failure(dispatcher, `http://127.0.0.1:${gone.port}/`)
    expect(error.message).toBe('SOCKS5 connection failed: Connection refused')
    expect(error.code).toBe('UND_ERR_SOCKS5_REPLY_5')
  })

  it.each([
    [{}, 'Proxy uri is mandatory'],
    [
      { uri: 'http://a.test', auth: 'a', token: 'b' },
      'opts.auth cannot be used in combination with opts.token',
    ],
    [{ uri: 'ftp://a.test' }, 'Invalid URL protocol: the URL must start with `http:` or `https:`.'],
  ])('option %o is refused', (options, message) => {
    expect(() => make(options as ProxyOptions)).toThrow(message)
    expect(() => make(options as ProxyOptions)).toThrow(
      expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' }),
    )
  })
})
