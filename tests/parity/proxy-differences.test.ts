/** What COMPATIBILITY.md says that proxy agents do otherwise than undici's: still so, on both sides. */
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { useRaw, useTls } from '../support/fixtures.ts'
import { libraries, using } from '../support/libraries.ts'
import { get, useOrigins, useProgram, useProxy } from '../support/proxying.ts'
import { dispatch } from '../support/recorder.ts'
import { startMicrosocks } from '../support/servers/proxies.ts'
import { until } from '../support/wait.ts'

const isOurs = (name: string): boolean => name === 'dodici'

describe.each(libraries)('$name', ({ name, library }) => {
  it('tells of connections through a proxy, or not', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    for (const agent of [
      new library.ProxyAgent(proxy.uri),
      new library.EnvHttpProxyAgent({ httpProxy: proxy.uri, noProxy: '' }),
    ]) {
      const events: string[] = []
      agent.on('connect', (origin) => events.push(origin.origin))
      await get(using(agent), `${plain?.origin}/`)
      await agent.close()
      expect(events).toEqual(isOurs(name) ? [plain?.origin] : [])
    }
  })

  it("destroys a ProxyAgent's requests with the error that is given, or not", async () => {
    let isThere = false
    const proxy = await useRaw(async (peer) => {
      await peer.head()
      isThere = true
      await peer.ended
    })
    const agent = using(new library.ProxyAgent(proxy.origin))
    const sent = dispatch(agent, { origin: 'http://a.test', path: '/' })
    await until('it is at the proxy', () => isThere)
    await agent.destroy(new Error('mine'))
    const { error } = await sent.done
    expect(error?.message).toBe(isOurs(name) ? 'mine' : 'The client is destroyed')
  })

  it('speaks HTTP/2 through Socks5ProxyAgent, or not', async () => {
    const secure = await useTls({
      protocols: 'both',
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('{"url":"h2"}')
      },
      onRequest: (_request, response) => void response.end('{"url":"h1"}'),
    })
    const port = await useProgram(startMicrosocks())
    const requestTls = { ca: certificates().ca }
    const agent: Dispatcher = using(
      new library.Socks5ProxyAgent(`socks5://127.0.0.1:${port}`, { requestTls }),
    )
    expect((await get(agent, `${secure.origin}/`)).url).toBe(isOurs(name) ? 'h2' : 'h1')
  })
})
