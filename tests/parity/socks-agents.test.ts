/** SOCKS proxies, mainly Socks5ProxyAgent: the same program over undici and over dodici. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { onBoth, toldOf, using } from '../support/libraries.ts'
import {
  failure,
  get,
  plainLogin,
  useEnvironment,
  useOrigins,
  useProgram,
  withLogin,
} from '../support/proxying.ts'
import { startMicrosocks } from '../support/servers/proxies.ts'

const requestTls = { ca: certificates().ca }

describe('a SOCKS proxy that speaks TLS', () => {
  it('is spoken to over TLS if there is proxyTls', async () => {
    const [plain] = await useOrigins()
    const port = await useProgram(startMicrosocks())
    let secured = 0
    const server = createTlsServer({ ...certificates().good }, (socket) => {
      secured += 1
      const onward = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      onward.on('error', () => {})
      socket.pipe(onward).pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const uri = `socks5://localhost:${(server.address() as AddressInfo).port}`
    const proxyTls = { ca: certificates().ca }
    await onBoth(async ({ ProxyAgent, EnvHttpProxyAgent, Socks5ProxyAgent }) => {
      useEnvironment({ http_proxy: uri })
      secured = 0
      const urls: string[] = []
      for (const agent of [
        new ProxyAgent({ uri, proxyTls }),
        new EnvHttpProxyAgent({ proxyTls }),
        new Socks5ProxyAgent(uri, { proxyTls }),
      ]) {
        urls.push((await get(using(agent), `${plain?.origin}/t`)).url)
      }
      return { urls, secured }
    })
    expect(secured).toBe(3)
  })
})

describe('a Socks5ProxyAgent', () => {
  it('goes through the proxy, with the credentials of its URL or options', async () => {
    const origins = await useOrigins()
    const port = await useProgram(startMicrosocks(plainLogin))
    const uris: [string, object][] = [
      [withLogin('socks5', port, plainLogin), {}],
      [`socks://127.0.0.1:${port}`, { username: plainLogin.user, password: plainLogin.password }],
    ]
    await onBoth(async ({ Socks5ProxyAgent }) => {
      const urls: string[] = []
      for (const [uri, options] of uris) {
        const agent = using(new Socks5ProxyAgent(uri, { requestTls, ...options }))
        for (const { origin } of origins) urls.push((await get(agent, `${origin}/s`)).url)
      }
      const stranger = using(new Socks5ProxyAgent(`socks5://127.0.0.1:${port}`))
      return [urls, toldOf(await failure(stranger, `${origins[0]?.origin}/`))]
    })
  })

  it('may have a connect function of its own', async () => {
    const [plain] = await useOrigins()
    const port = await useProgram(startMicrosocks())
    await onBoth(async ({ Socks5ProxyAgent }) => {
      let calls = 0
      const agent = using(
        new Socks5ProxyAgent('socks5://nowhere.test', {
          connect: (_options, callback) => {
            calls += 1
            const socket = connect(port, '127.0.0.1', () => callback(null, socket))
          },
        }),
      )
      return [(await get(agent, `${plain?.origin}/s`)).url, calls]
    })
  })

  it('returns a socket that is connected through the proxy', async () => {
    const [plain] = await useOrigins()
    const uri = withLogin('socks5', await useProgram(startMicrosocks(plainLogin)), plainLogin)
    await onBoth(async ({ Socks5ProxyAgent }) => {
      const agent = using(new Socks5ProxyAgent(uri)) as unknown as {
        createSocks5Connection(host: string, port: number): Promise<NodeJS.ReadWriteStream>
      }
      const port = Number(new URL(plain?.origin ?? '').port)
      const socket = await agent.createSocks5Connection('127.0.0.1', port)
      socket.end('GET /raw HTTP/1.0\r\n\r\n')
      let text = ''
      for await (const chunk of socket) text += String(chunk)
      return text.includes('"url":"/raw"')
    })
  })
})
