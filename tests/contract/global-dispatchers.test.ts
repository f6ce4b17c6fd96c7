/** A global dispatcher, ours or not, serves Node's own fetch of each release, and the fetch of each undici. */
import type * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind, type AgentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { nodeMajors, nodeProgram, type NodeMajor } from '../support/node-versions.ts'
import { useProxy } from '../support/proxying.ts'
import { bodyOf } from '../support/protocols.ts'

interface Data {
  readonly origin: string
  readonly proxy: string
  /** whose Agent lies below, and whose setter is called */
  readonly kind: AgentKind
}

/** Prints, for each dispatcher, what each function got through it. */
async function program(kit: ChildKit, { origin, proxy, kind }: Data): Promise<void> {
  const undici8 = (await kit.load('undici')) as unknown as typeof undici
  const undici7 = (await kit.load('undici7')) as unknown as typeof undici
  const ours = (await kit.load('../../lib/index.ts')) as unknown as typeof undici
  const { setGlobalDispatcher, Agent } = kind === 'dodici' ? ours : undici8
  const { RetryAgent, interceptors, DecoratorHandler } = undici8
  const wrapping = (inner: undici.Dispatcher) => ({
    dispatch: (
      options: undici.Dispatcher.DispatchOptions,
      handler: undici.Dispatcher.DispatchHandler,
    ) => inner.dispatch(options, new DecoratorHandler(handler)),
  })
  class Decorating extends Agent {
    override dispatch(...[options, handler]: Parameters<undici.Dispatcher['dispatch']>): boolean {
      return super.dispatch(options, new DecoratorHandler(handler))
    }
  }
  const mocking = (): undici.Dispatcher => {
    const mock = new undici8.MockAgent()
    mock.get(origin).intercept({ path: '/x' }).reply(200, 'mocked').persist()
    mock.get(origin).intercept({ path: '/echo', method: 'POST' }).reply(200, 'mocked too').persist()
    return mock
  }
  const makers: Record<string, () => object> = {
    'an Agent': () => new Agent(),
    'an Agent of undici’s': () => new undici8.Agent(),
    'a RetryAgent': () => new RetryAgent(new Agent()),
    'a RetryAgent over another': () => new RetryAgent(new RetryAgent(new Agent())),
    'a composed Agent': () => new Agent().compose(interceptors.retry(), interceptors.redirect()),
    'a RetryAgent over a composed Agent': () => {
      return new RetryAgent(new Agent().compose(interceptors.redirect()))
    },
    'a composed RetryAgent': () => new RetryAgent(new Agent()).compose(interceptors.redirect()),
    'a ProxyAgent': () => new undici8.ProxyAgent(proxy),
    'an EnvHttpProxyAgent': () => new undici8.EnvHttpProxyAgent({ httpProxy: proxy, noProxy: '' }),
    'a MockAgent': mocking,
    'an object with dispatch()': () => wrapping(new Agent()),
    'an Agent with a dispatch() of its own': () => new Decorating(),
  }
  const post = { method: 'POST', body: 'posted' } as const
  for (const [name, make] of Object.entries(makers)) {
    const dispatcher = make() as undici.Dispatcher
    setGlobalDispatcher(dispatcher)
    const got: unknown[] = []
    for (const get of [fetch, undici8.fetch, undici7.fetch] as (typeof fetch)[]) {
      for (const [path, init] of [['/x'], ['/echo', post]] as const) {
        const text = get(`${origin}${path}`, init).then((response) => response.text())
        got.push(await kit.within(`${name}: ${path}`, text).catch(String))
      }
    }
    const { body } = await undici8.request(`${origin}/x`)
    got.push(await body.text())
    kit.say([name, ...got])
  }
  // A composed RetryAgent cannot be closed.
  process.exit()
}

async function run(node: NodeMajor, kind: AgentKind): Promise<unknown[]> {
  const server = await useHttp1((request, response) => {
    if (request.method === 'POST') void bodyOf(request).then((body) => response.end(body))
    else response.end(`${request.method} ${request.url}`)
  })
  const proxy = await useProxy()
  const data = { origin: server.origin, proxy: `http://127.0.0.1:${proxy.port}`, kind }
  const { code, said, stderr } = await runChild<Data>(program, data, { node: nodeProgram(node) })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return said
}

describe.runIf(agentKind === 'dodici')('the global dispatcher', () => {
  it.each(nodeMajors)('serves every fetch of Node %d as undici’s does', async (major) => {
    const [theirs, said] = await Promise.all([run(major, 'undici'), run(major, 'dodici')])
    const plain = ['GET /x', 'posted', 'GET /x', 'posted', 'GET /x', 'posted', 'GET /x']
    expect(said).toHaveLength(12)
    for (const [name, ...got] of said as string[][]) {
      const mocked = plain.map((text) => (text === 'posted' ? 'mocked too' : 'mocked'))
      expect([name, ...got]).toEqual([name, ...(name === 'a MockAgent' ? mocked : plain)])
    }
    expect(said).toEqual(theirs)
  })
})
