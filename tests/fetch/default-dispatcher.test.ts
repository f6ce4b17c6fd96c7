/** The dispatcher of our fetch() if none is given: the global one, whenever it was set, and never past a proxy. */
import type * as Undici from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { useProxy } from '../support/proxying.ts'

interface Data {
  readonly origin: string
  readonly proxy: string
  /** what is set before dodici is loaded */
  readonly first: 'nothing' | 'a proxy' | 'options' | 'a factory' | 'its own dispatch()' | 'Agent'
}

/** Reports whether undici or dodici sent the request. */
async function program(kit: ChildKit, { origin, proxy, first }: Data): Promise<void> {
  let calls = 0
  if (first !== 'nothing') {
    const { Agent, Pool, ProxyAgent, setGlobalDispatcher } = (await kit.load(
      'undici',
    )) as unknown as typeof Undici
    const makers = {
      'a proxy': () => new ProxyAgent({ uri: proxy, proxyTunnel: true }),
      options: () => new Agent({ connections: 1 }),
      'a factory': () => new Agent({ factory: (url, options) => new Pool(url, options) }),
      'its own dispatch()': () => {
        const agent = new Agent()
        const dispatch = agent.dispatch.bind(agent)
        return Object.assign(agent, {
          dispatch: (...args: Parameters<typeof dispatch>) => {
            calls += 1
            return dispatch(...args)
          },
        })
      },
      Agent: () => new Agent(),
    }
    setGlobalDispatcher(makers[first]())
  }
  const { fetch } = (await kit.load('../../lib/index.ts')) as unknown as typeof Undici
  const response = await fetch(`${origin}/x`)
  kit.say(await response.text())
  kit.say(kit.loopThreads() > 0)
  kit.say(calls)
}

describe.runIf(agentKind === 'dodici')('fetch() without a dispatcher', () => {
  it.each([
    ['nothing', true, 0],
    ['Agent', true, 0],
    ['options', false, 0],
    ['a factory', false, 0],
    ['its own dispatch()', false, 1],
    ['a proxy', false, 0],
  ] as const)('when %s was set before: ours %s', async (first, isOurs, calls) => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const proxy = await useProxy()
    const data = { origin: server.origin, proxy: proxy.uri, first }
    const { code, said, stderr } = await runChild<Data>(program, data)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['/x', isOurs, calls], stderr: '' })
    expect(proxy.seen).toHaveLength(first === 'a proxy' ? 1 : 0)
  })

  it("uses the environment's proxies if Node's own fetch does", async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const proxy = await useProxy()
    const data = { origin: server.origin, proxy: proxy.uri, first: 'nothing' } as const
    const env = { NODE_USE_ENV_PROXY: '1', http_proxy: proxy.uri }
    const { code, said } = await runChild<Data>(program, data, { env })
    expect({ code, said }).toEqual({ code: 0, said: ['/x', true, 0] })
    expect(proxy.seen).toHaveLength(1)
  })
})
