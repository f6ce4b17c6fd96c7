/** ProxyAgent and EnvHttpProxyAgent: the same program over undici and over dodici. */
import type { LookupFunction } from 'node:net'
import { createServer, connect } from 'node:net'
import { join } from 'node:path'
import * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { useFolder } from '../support/fixtures.ts'
import { onBoth, ours, outcomeOf, toldOf, using } from '../support/libraries.ts'
import type { Library } from '../support/libraries.ts'
import { failure, get, useEnvironment, useOrigins, useProxy } from '../support/proxying.ts'
import { Recorder } from '../support/recorder.ts'

const requestTls = { ca: certificates().ca }

describe('a ProxyAgent', () => {
  it.each<[string, () => unknown]>([
    ['an object', () => ({ 'Proxy-Authorization': 'Basic YTpi' })],
    ['a list', () => ['a', 'b', 'proxy-authorization', 'Basic YTpi']],
    ['a Map', () => new Map([['PROXY-AUTHORIZATION', 'Basic YTpi']])],
    ['Headers', () => new Headers({ 'proxy-authorization': 'Basic YTpi' })],
  ])('throws for proxy-authorization in %s', async (_name, headers) => {
    const outcome = await onBoth(({ ProxyAgent }) => {
      const agent = using(new ProxyAgent('http://127.0.0.1:1'))
      const opts = { origin: 'http://a.test', path: '/', method: 'GET', headers: headers() }
      return outcomeOf(() => agent.dispatch(opts as never, new Recorder()))
    })
    expect(outcome).toMatchObject({
      message: 'Proxy-Authorization should be sent in ProxyAgent constructor',
    })
  })

  it('takes headers of all kinds', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    await onBoth(async ({ ProxyAgent, request }) => {
      const agent = using(new ProxyAgent(proxy.uri))
      const kinds = [{ 'X-A': '1' }, ['X-A', '1'], new Map([['X-A', '1']]), new Headers({ a: '1' })]
      const all: unknown[] = []
      for (const headers of kinds) {
        const { body } = await request(`${plain?.origin}/`, {
          dispatcher: agent,
          headers: headers as Record<string, string>,
        })
        const { headers: arrived } = (await body.json()) as { headers: Record<string, string> }
        all.push([
          arrived['x-a'],
          arrived['a'],
          arrived['host'] === new URL(plain?.origin ?? '').host,
        ])
      }
      return all
    })
  })

  it('closes and is destroyed, and says so', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    await onBoth(async ({ ProxyAgent }) => {
      const closed = using(new ProxyAgent(proxy.uri))
      await get(closed, `${plain?.origin}/`)
      await closed.close()
      const destroyed = using(new ProxyAgent(proxy.uri))
      await destroyed.destroy()
      const states = [closed, destroyed].map((agent) => {
        const { closed: isClosed, destroyed: isDestroyed } = agent as unknown as undici.Agent
        return [isClosed, isDestroyed]
      })
      const errors = await Promise.all(
        [closed, destroyed].map((agent) => failure(agent, `${plain?.origin}/`)),
      )
      return [states, errors.map(toldOf)]
    })
  })

  it('reads the limits of WebSocket and EventSource', async () => {
    await onBoth(({ ProxyAgent }) => {
      const options = { webSocket: { maxFragments: 5 }, eventSource: { maxEventSize: 6 } }
      const agent = using(new ProxyAgent({ uri: 'http://a.test', ...options }))
      const { webSocketOptions, eventSourceOptions } = agent as unknown as Record<string, unknown>
      return { webSocketOptions, eventSourceOptions }
    })
  })

  it("verifies origins' certificates as requestTls says, not as connect does", async () => {
    const [, secure] = await useOrigins()
    const proxy = await useProxy()
    const outcome = await onBoth(async ({ ProxyAgent, EnvHttpProxyAgent }) => {
      useEnvironment({ https_proxy: proxy.uri })
      const connectOptions = { connect: { rejectUnauthorized: false } }
      const agents = [
        new ProxyAgent({ uri: proxy.uri, ...connectOptions }),
        new EnvHttpProxyAgent(connectOptions),
      ]
      const errors = await Promise.all(
        agents.map((agent) => failure(using(agent), `${secure?.origin}/`)),
      )
      return errors.map(({ code }) => code)
    })
    expect(outcome).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
  })

  it('has its clients made by factory', async () => {
    const origins = await useOrigins()
    const proxy = await useProxy()
    await onBoth(async ({ ProxyAgent }) => {
      const made: [boolean, string[]][] = []
      const agent = using(
        new ProxyAgent({
          uri: proxy.uri,
          requestTls,
          factory: (origin, options) => {
            made.push([String(origin).startsWith(proxy.uri), Object.keys(options)])
            return new undici.Pool(origin, options)
          },
        }),
      )
      const urls = []
      for (const { origin } of origins) urls.push((await get(agent, `${origin}/f`)).url)
      return { urls, made }
    })
  })

  it('has its connection to the proxy made by clientFactory', async () => {
    const [, secure] = await useOrigins()
    const proxy = await useProxy()
    await onBoth(async ({ ProxyAgent, Client }) => {
      const made: unknown[] = []
      const agent = using(
        new ProxyAgent({
          uri: proxy.uri,
          requestTls,
          clientFactory: (origin, options) => {
            made.push([origin.href === `${proxy.uri}/`, Object.keys(options)])
            return new Client(origin, { ...options, connect: {} })
          },
        }),
      )
      const { url } = await get(agent, `${secure?.origin}/c`)
      return { url, made }
    })
  })

  async function reaches({ ProxyAgent }: Library, options: object): Promise<unknown> {
    const origins = await useOrigins()
    const agent = using(new ProxyAgent({ requestTls, ...options } as undici.ProxyAgent.Options))
    const urls = []
    for (const { origin } of origins) urls.push((await get(agent, `${origin}/r`)).url)
    return urls
  }

  it('comes from the local address of proxyTls', async () => {
    // undici's does not.
    const proxy = await useProxy()
    const options = { uri: proxy.uri, proxyTls: { localAddress: '127.0.0.5' } }
    await reaches(ours, options)
    expect(proxy.seen.map((one) => one.from)).toEqual(['127.0.0.5', '127.0.0.5'])
  })

  it('reaches the proxy through the Unix socket of proxyTls', async () => {
    const proxy = await useProxy()
    const path = join(useFolder(), 'proxy.sock')
    const server = createServer((socket) => {
      const onward = connect(proxy.port, '127.0.0.1')
      socket.on('error', () => {})
      onward.on('error', () => {})
      socket.pipe(onward).pipe(socket)
    }).listen(path)
    onTestFinished(() => void server.close())
    await onBoth((library) =>
      reaches(library, { uri: 'http://proxy.test:1', proxyTls: { socketPath: path } }),
    )
    expect(proxy.seen).toHaveLength(4)
  })

  it('finds the proxy by the lookup of proxyTls', async () => {
    const proxy = await useProxy()
    const lookup: LookupFunction = (hostname, options, callback) => {
      expect(hostname).toBe('proxy.test')
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    }
    const proxyTls = { lookup } as never
    await onBoth((library) =>
      reaches(library, { uri: `http://proxy.test:${proxy.port}`, proxyTls }),
    )
    expect(proxy.seen).toHaveLength(4)
  })

  it('uses the servername of proxyTls with an https proxy', async () => {
    const proxy = await useProxy({ tls: certificates().wrongHost })
    const proxyTls = { ca: certificates().ca, servername: 'other.test' }
    await onBoth((library) => reaches(library, { uri: proxy.uri, proxyTls }))
    expect(proxy.seen).toHaveLength(4)
  })

  it('ignores socketPath and localAddress of the Agent', async () => {
    const proxy = await useProxy()
    const options = { uri: proxy.uri, socketPath: '/nowhere', localAddress: '127.0.0.9' }
    await onBoth((library) => reaches(library, options))
    expect(proxy.seen.map(({ from }) => from)).not.toContain('127.0.0.9')
  })
})

describe("an Agent's proxy", () => {
  it("may have options that undici serves: a factory, a servername, with the Agent's connect", async () => {
    const [, secure] = await useOrigins()
    const proxy = await useProxy({ tls: certificates().wrongHost })
    const proxyTls = { ca: certificates().ca, servername: 'other.test' }
    const { Agent, Pool, Client } = ours
    const options = { proxy: { uri: proxy.uri, proxyTls }, connect: requestTls } as never
    const origin = secure?.origin ?? ''
    for (const dispatcher of [
      new Agent(options),
      new Pool(origin, options),
      new Client(origin, options),
    ]) {
      expect((await get(using(dispatcher), `${origin}/p`)).url).toBe('/p')
    }
    expect(proxy.seen).toHaveLength(3)
  })

  it('beside socketPath: excepted origins go through that', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    const port = Number(new URL(plain?.origin ?? '').port)
    const path = join(useFolder(), 'origin.sock')
    const server = createServer((socket) => {
      const onward = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      onward.on('error', () => {})
      socket.pipe(onward).pipe(socket)
    }).listen(path)
    onTestFinished(() => void server.close())
    useEnvironment({ http_proxy: proxy.uri, no_proxy: 'direct.test' })
    await onBoth(async ({ EnvHttpProxyAgent }) => {
      const agent = using(new EnvHttpProxyAgent({ socketPath: path }))
      const before = proxy.seen.length
      const urls = [
        (await get(agent, 'http://direct.test/d')).url,
        (await get(agent, `${plain?.origin}/p`)).url,
      ]
      return [urls, proxy.seen.length - before]
    })
  })
})

describe('an EnvHttpProxyAgent', () => {
  it('prefers its options to the environment', async () => {
    const [plain] = await useOrigins()
    const [one, two] = [await useProxy(), await useProxy()]
    const cases = [
      { httpProxy: one.uri },
      { httpProxy: one.uri, noProxy: '127.0.0.1' },
      { httpProxy: one.uri, noProxy: '' },
      { httpProxy: '' },
      { noProxy: 'elsewhere' },
      {},
    ]
    const counts = await onBoth(async ({ EnvHttpProxyAgent }) => {
      useEnvironment({ http_proxy: two.uri, no_proxy: '127.0.0.1' })
      const all: unknown[] = []
      for (const options of cases) {
        const before = [one.seen.length, two.seen.length] as const
        await get(using(new EnvHttpProxyAgent(options)), `${plain?.origin}/`)
        all.push([one.seen.length - before[0], two.seen.length - before[1]])
      }
      return all
    })
    expect(counts).toEqual([
      [0, 0],
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 0],
    ])
  })

  it('uses the servername of proxyTls with an https proxy', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy({ tls: certificates().wrongHost })
    useEnvironment({ http_proxy: proxy.uri })
    const proxyTls = { ca: certificates().ca, servername: 'other.test' }
    await onBoth(async ({ EnvHttpProxyAgent }) => {
      return (await get(using(new EnvHttpProxyAgent({ proxyTls })), `${plain?.origin}/e`)).url
    })
    expect(proxy.seen).toHaveLength(2)
  })

  it("connects to excepted origins by Node's own options of connect", async () => {
    const [, secure] = await useOrigins()
    const proxy = await useProxy()
    await onBoth(async ({ EnvHttpProxyAgent }) => {
      const asked: string[] = []
      const connectOptions = {
        ...requestTls,
        checkServerIdentity: (host: string) => void asked.push(host),
      }
      const before = proxy.seen.length
      for (const noProxy of ['localhost', '']) {
        const options = { httpProxy: proxy.uri, noProxy, requestTls, connect: connectOptions }
        await get(using(new EnvHttpProxyAgent(options)), `${secure?.origin}/n`)
      }
      return [asked, proxy.seen.length - before]
    })
  })

  it('passes its other options on: token, headers, proxyTunnel, factory', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    useEnvironment({})
    await onBoth(async ({ EnvHttpProxyAgent }) => {
      const seen: unknown[] = []
      let made = 0
      const factory = (origin: string | URL, options: object): Dispatcher => {
        made += 1
        return new undici.Pool(origin, options)
      }
      for (const options of [
        { token: 'Bearer x', proxyTunnel: true },
        { headers: { 'x-for-proxy': 'y' } },
        { factory },
      ]) {
        await get(
          using(new EnvHttpProxyAgent({ httpProxy: proxy.uri, ...options })),
          `${plain?.origin}/`,
        )
        const last = proxy.seen.at(-1)
        seen.push([last?.line, last?.headers['proxy-authorization'], last?.headers['x-for-proxy']])
      }
      return { seen, made }
    })
  })
})
