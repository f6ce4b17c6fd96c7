/** Our Agent with a proxy, beyond what tests/parity compares with undici's ProxyAgent. */
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent } from '../../lib/index.ts'
import type { AgentOptions } from '../../lib/index.ts'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useRaw, useTls } from '../support/fixtures.ts'
import {
  failure,
  get,
  plainLogin,
  useEnvironment,
  useOrigins,
  useProgram,
  useProxy,
  withLogin,
} from '../support/proxying.ts'
import { startMicrosocks } from '../support/servers/proxies.ts'

describe.runIf(agentKind === 'dodici')("an Agent's proxy", () => {
  function use(options: AgentOptions): Agent {
    const agent = new Agent({ connect: { ca: certificates().ca }, ...options })
    onTestFinished(() => agent.destroy())
    return agent
  }

  it('keeps its tunnels, with connect and disconnect events of the origin', async () => {
    const origins = await useOrigins()
    const proxy = await useProxy()
    const agent = use({ proxy: { uri: proxy.uri, proxyTunnel: true } })
    const events: string[] = []
    agent.on('connect', (url) => events.push(`connect ${url.origin}`))
    agent.on('disconnect', (url) => events.push(`disconnect ${url.origin}`))
    for (const { origin } of origins) {
      await get(agent, `${origin}/1`)
      await get(agent, `${origin}/2`)
    }
    expect(proxy.seen).toHaveLength(2)
    await agent.close()
    const [plain, secure] = origins.map(({ origin }) => origin)
    expect(events.slice(0, 2)).toEqual([`connect ${plain}`, `connect ${secure}`])
    expect(events.slice(2).sort()).toEqual([`disconnect ${plain}`, `disconnect ${secure}`].sort())
  })

  it('shares one connection between the origins that it forwards to', async () => {
    const proxy = await useRaw(async (peer) => {
      for (;;) peer.respond(JSON.stringify({ url: (await peer.head()).split(' ')[1], headers: {} }))
    })
    // Each loop thread has connections of its own, and a hash of the standard library chooses an origin's.
    const agent = use({ proxy: proxy.origin, connections: 1, loopThreads: 1 })
    const events: string[] = []
    agent.on('connect', (url) => events.push(`connect ${url.origin}`))
    agent.on('disconnect', (url) => events.push(`disconnect ${url.origin}`))
    expect((await get(agent, 'http://a.test/1')).url).toBe('http://a.test/1')
    expect((await get(agent, 'http://b.test/2')).url).toBe('http://b.test/2')
    expect(proxy.peers).toHaveLength(1)
    await agent.close()
    expect(events).toEqual(['connect http://a.test', 'disconnect http://a.test'])
  })

  it('lets HTTP/2 through, many streams on one tunnel', async () => {
    const secure = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('{"url":"h2","headers":{}}')
      },
    })
    const proxy = await useProxy({ tls: certificates().good })
    const agent = use({ proxy: { uri: proxy.uri, proxyTls: { ca: certificates().ca } } })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => get(agent, `${secure.origin}/`)),
    )
    expect(answers.every(({ url }) => url === 'h2')).toBe(true)
    expect(proxy.seen).toHaveLength(1)
  })

  it('that never answers CONNECT runs into connectTimeout', async () => {
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      await peer.ended
    })
    const agent = use({ proxy: proxy.origin, connectTimeout: 100 })
    const error = await failure(agent, 'https://a.test/')
    expect(error.code).toBe('UND_ERR_CONNECT_TIMEOUT')
    expect(error.message).toContain(`127.0.0.1:${proxy.port}`)
  })

  it('that answers CONNECT with nonsense fails the request', async () => {
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      peer.send('what?\r\n\r\n')
      peer.fin()
    })
    const agent = use({ proxy: proxy.origin })
    await expect(request('https://a.test/', { dispatcher: agent })).rejects.toThrow(/./)
  })

  it('fails all requests that waited for the same tunnel', async () => {
    const proxy = await useProxy({
      onConnect: (client) => client.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n'),
    })
    const agent = use({ proxy: proxy.uri })
    const errors = await Promise.all(
      Array.from({ length: 10 }, () => failure(agent, 'https://a.test/')),
    )
    expect(new Set(errors.map(({ message }) => message))).toEqual(
      new Set(['Proxy response (403) !== 200 when HTTP Tunneling']),
    )
    expect(proxy.seen).toHaveLength(1)
  })

  it.each(['socks5', 'socks5h', 'socks'])('%s: refuses wrong credentials', async (scheme) => {
    const port = await useProgram(startMicrosocks(plainLogin))
    const wrong = { ...plainLogin, password: 'wrong9' }
    const agent = use({ proxy: withLogin(scheme, port, wrong) })
    const error = await failure(agent, 'http://a.test/')
    expect(error.code).toBe('UND_ERR_SOCKS5_AUTH_FAILED')
    expect(String(error.stack)).not.toContain('wrong9')
    const stranger = use({ proxy: `${scheme}://127.0.0.1:${port}` })
    expect((await failure(stranger, 'http://a.test/')).code).toBe('UND_ERR_SOCKS5_AUTH_REJECTED')
  })

  it.each([undefined, null, 'none'] as const)(
    '%s: goes directly, whatever the environment says',
    async (proxy) => {
      const [plain] = await useOrigins()
      useEnvironment({ http_proxy: 'http://127.0.0.1:1' })
      const agent = proxy === undefined ? use({}) : use({ proxy })
      expect((await get(agent, `${plain?.origin}/direct`)).url).toBe('/direct')
    },
  )

  it('ignores the environment if it is given', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    useEnvironment({ no_proxy: '*' })
    await get(use({ proxy: proxy.uri }), `${plain?.origin}/`)
    expect(proxy.seen).toHaveLength(1)
  })

  it('looks the host up itself, and does not use connect.lookup', async () => {
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      peer.respond('{"url":"found","headers":{}}')
    })
    const lookup = (): never => {
      throw new Error('was asked')
    }
    const agent = use({ proxy: proxy.origin, connect: { lookup } })
    expect((await get(agent, 'http://a.test/')).url).toBe('found')
  })

  it('keeps a password out of the error for a bad uri', () => {
    const make = (): Agent => new Agent({ proxy: 'http://u:hunter2@[' })
    expect(make).toThrow('Invalid URL')
    try {
      make()
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain('hunter2')
    }
  })

  it.each([
    ['', 'Proxy uri is mandatory'],
    [7, 'Proxy uri is mandatory'],
    [{ uri: 'http://a.test', token: 'a\r\nb: c' }, 'invalid proxy-authorization header'],
    [{ uri: 'http://a.test', headers: { 'a b': 'c' } }, 'invalid header key'],
  ])('is not %o', (proxy, message) => {
    expect(() => new Agent({ proxy: proxy as string })).toThrow(message)
  })
})
