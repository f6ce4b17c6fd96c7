/** The dispatchers where there is no addon: undici's of the same names stand in, if they may. */
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { useHttp1 } from '../../support/fixtures.ts'
import { ours, type Library } from '../../support/libraries.ts'
import { useProgram } from '../../support/proxying.ts'
import { startMicrosocks, startProxy } from '../../support/servers/proxies.ts'

const addon = process.env['DODICI_ADDON'] as string
const nowhere = '/nowhere/dodici.node'

// Whether there is an addon is asked once a process: each test has modules of its own.
async function dodiciWithoutAddon(): Promise<Library> {
  vi.resetModules()
  return (await import('../../../lib/index.ts')) as unknown as Library
}

let warnings: string[] = []
beforeEach(() => {
  process.env['DODICI_ADDON'] = nowhere
  warnings = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning))
  })
})
afterEach(() => {
  process.env['DODICI_ADDON'] = addon
  delete process.env['DODICI_FALLBACK']
  vi.restoreAllMocks()
})

type Make = (library: Library, options: object) => Dispatcher | Promise<Dispatcher>

let origin = ''
async function useH1(): Promise<void> {
  const server = await useHttp1((request, response) => {
    response.end(`${request.httpVersion} ${request.url}`)
  })
  origin = server.origin
}

async function useH2c(): Promise<void> {
  const server = createServer((request, response) => {
    response.end(`${request.httpVersion} ${request.url}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function proxyUri(): Promise<string> {
  const proxy = await startProxy()
  onTestFinished(() => proxy.close())
  return `http://127.0.0.1:${proxy.port}`
}

const kinds: readonly [string, () => Promise<void>, Make][] = [
  ['Agent', useH1, ({ Agent }, options) => new Agent(options)],
  ['Pool', useH1, ({ Pool }, options) => new Pool(origin, options)],
  ['Client', useH1, ({ Client }, options) => new Client(origin, options)],
  ['H2CClient', useH2c, ({ H2CClient }, options) => new H2CClient(origin, options)],
  ['BalancedPool', useH1, ({ BalancedPool }, options) => new BalancedPool([origin], options)],
  ['RoundRobinPool', useH1, ({ RoundRobinPool }, options) => new RoundRobinPool(origin, options)],
  [
    'ProxyAgent',
    useH1,
    async ({ ProxyAgent }, options) => new ProxyAgent({ ...options, uri: await proxyUri() }),
  ],
  [
    'EnvHttpProxyAgent',
    useH1,
    async ({ EnvHttpProxyAgent }, options) =>
      new EnvHttpProxyAgent({ ...options, httpProxy: await proxyUri() }),
  ],
  [
    'Socks5ProxyAgent',
    useH1,
    async ({ Socks5ProxyAgent }, options) => {
      const port = await useProgram(startMicrosocks())
      return new Socks5ProxyAgent(`socks5://127.0.0.1:${port}`, options)
    },
  ],
]

/** Sends three requests, and returns their answers. */
async function answersOf(dispatcher: Dispatcher): Promise<string[]> {
  onTestFinished(() => dispatcher.destroy())
  const texts: string[] = []
  for (const path of ['/1', '/2', '/3']) {
    const { body } = await dispatcher.request({ origin, path, method: 'GET' })
    texts.push(await body.text())
  }
  return texts
}

describe.each(kinds)('without an addon a new %s', (name, use, make) => {
  const version = name === 'H2CClient' ? '2.0' : '1.1'
  const answers = [`${version} /1`, `${version} /2`, `${version} /3`]

  it.each([
    ["with fallback: 'undici'", { fallback: 'undici' }, undefined],
    ['with DODICI_FALLBACK=undici', {}, 'undici'],
  ])('%s is answered, and one warning says who does the work', async (_way, options, variable) => {
    if (variable !== undefined) process.env['DODICI_FALLBACK'] = variable
    await use()
    const library = await dodiciWithoutAddon()
    expect(await answersOf(await make(library, options))).toEqual(answers)
    expect(await answersOf(await make(library, options))).toEqual(answers)
    const ofFallback = warnings.filter((warning) => warning.startsWith('undici stands in'))
    expect(ofFallback).toEqual([expect.stringContaining(`can't load its addon ${nowhere}`)])
  })

  it('fails, and says why, if undici may not stand in', async () => {
    await use()
    const library = await dodiciWithoutAddon()
    const failed = (async () => answersOf(await make(library, {})))()
    await expect(failed).rejects.toThrow(`can't load its addon ${nowhere}`)
    expect(warnings.filter((warning) => warning.startsWith('undici stands in'))).toEqual([])
  })
})

describe('with an addon', () => {
  it.each(kinds)('a %s does not use undici for fallback', async (_name, use, make) => {
    process.env['DODICI_ADDON'] = addon
    await use()
    expect(await answersOf(await make(ours, { fallback: 'undici' }))).toHaveLength(3)
    expect(warnings.filter((warning) => warning.startsWith('undici stands in'))).toEqual([])
  })
})
