/** undici's EnvHttpProxyAgent and our `proxy: 'env'` find the same proxy, or none, for the same variables. */
import { EnvHttpProxyAgent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, EnvHttpProxyAgent as OurEnvHttpProxyAgent } from '../../lib/index.ts'
import { useRaw } from '../support/fixtures.ts'
import { get, useEnvironment, useOrigins, useProxy } from '../support/proxying.ts'
import type { Environment } from '../support/proxying.ts'

describe.each([
  { kind: 'undici', make: (): Dispatcher => new EnvHttpProxyAgent() },
  { kind: 'dodici', make: (): Dispatcher => new Agent({ proxy: 'env' }) },
  { kind: "dodici's EnvHttpProxyAgent", make: (): Dispatcher => new OurEnvHttpProxyAgent() },
])("the environment's proxies, with $kind", ({ make }) => {
  // Which of two proxies, if any, is asked for this url. Both answer and so do the origins that do not exist.
  async function asked(set: Environment, url: string): Promise<string> {
    const answering = (text: string) =>
      useRaw(async (peer) => {
        for (;;) {
          const head = await peer.head()
          if (head.startsWith('CONNECT')) {
            peer.respond('', '', `${text} ${text}`)
          } else {
            peer.respond(text)
          }
        }
      })
    const one = await answering('501')
    const two = await answering('502')
    const put = (text: string | undefined): string | undefined =>
      text?.replace('ONE', one.origin).replace('TWO', two.origin)
    useEnvironment(
      Object.fromEntries(Object.entries(set).map(([name, value]) => [name, put(value)])),
    )
    const dispatcher = make()
    onTestFinished(() => dispatcher.destroy())
    try {
      const { body } = await request(url, { dispatcher })
      return (await body.text()) === '501' ? 'one' : 'two'
    } catch (error) {
      const { message } = error as Error
      return message.includes('(501)') ? 'one' : message.includes('(502)') ? 'two' : 'direct'
    }
  }

  const http = 'http://127.0.0.2:1/'
  const https = 'https://127.0.0.2:1/'

  it.each<[Environment, string, string]>([
    [{}, http, 'direct'],
    [{ http_proxy: 'ONE' }, http, 'one'],
    [{ HTTP_PROXY: 'ONE' }, http, 'one'],
    [{ http_proxy: 'ONE', HTTP_PROXY: 'TWO' }, http, 'one'],
    [{ http_proxy: '', HTTP_PROXY: 'TWO' }, http, 'direct'],
    [{ http_proxy: 'ONE' }, https, 'one'],
    [{ http_proxy: 'ONE', https_proxy: 'TWO' }, https, 'two'],
    [{ http_proxy: 'ONE', HTTPS_PROXY: 'TWO' }, https, 'two'],
    [{ https_proxy: 'TWO' }, http, 'direct'],
    ...(
      [
        ['*', 'direct'],
        ['*:1', 'direct'],
        ['*:2', 'one'],
        ['127.0.0.2', 'direct'],
        ['127.0.0.2:1', 'direct'],
        ['127.0.0.2:2', 'one'],
        ['a.test, 127.0.0.2', 'direct'],
        ['0.2', 'direct'],
        ['.0.2', 'direct'],
        ['*.0.2', 'direct'],
        ['*.127.0.0.2', 'one'],
        ['7.0.0.2', 'one'],
        ['127.0.0.2.', 'direct'],
        ['[::1]:1', 'one'],
      ] as const
    ).map(([no_proxy, expected]): [Environment, string, string] => [
      { http_proxy: 'ONE', no_proxy },
      http,
      expected,
    ]),
    [{ http_proxy: 'ONE', NO_PROXY: '*' }, http, 'direct'],
    [{ http_proxy: 'ONE', no_proxy: '', NO_PROXY: '*' }, http, 'one'],
    [{ http_proxy: 'ONE', no_proxy: '::1' }, 'http://[::1]:1/', 'direct'],
    [{ http_proxy: 'ONE', no_proxy: '[::1]' }, 'http://[::1]:1/', 'direct'],
    [{ http_proxy: 'ONE', no_proxy: '[::1]:1' }, 'http://[::1]:1/', 'direct'],
    [{ http_proxy: 'ONE', no_proxy: '[::1]:2' }, 'http://[::1]:1/', 'one'],
  ])('%j lead %s: %s', async (set, url, expected) => {
    expect(await asked(set, url)).toBe(expected)
  })

  it('read no_proxy again at each request', async () => {
    const [plain] = await useOrigins()
    const proxy = await useProxy()
    useEnvironment({ http_proxy: proxy.uri })
    const dispatcher = make()
    onTestFinished(() => dispatcher.destroy())
    await get(dispatcher, `${plain?.origin}/`)
    process.env['no_proxy'] = '127.0.0.1'
    await get(dispatcher, `${plain?.origin}/`)
    delete process.env['no_proxy']
    await get(dispatcher, `${plain?.origin}/`)
    expect(proxy.seen).toHaveLength(2)
  })
})
