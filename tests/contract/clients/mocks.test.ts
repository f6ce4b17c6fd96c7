/** nock 15 and msw 3 mock sockets. They do not see dodici's traffic, and do not disturb it. */
import type * as msw from 'msw'
import type * as mswNode from 'msw/node'
import type nockModule from 'nock'
import type * as undiciModule from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../../support/agents.ts'
import type { AgentKind } from '../../support/agents.ts'
import { runChild } from '../../support/child.ts'
import type { ChildKit } from '../../support/child-main.ts'
import { startClientSite } from '../../support/client-site.ts'

interface Data {
  readonly origin: string
  readonly kind: AgentKind
  readonly mock: 'msw' | 'nock'
  /** whether the program calls install(), before the mock is loaded or while it is there */
  readonly installs: 'never' | 'before' | 'meanwhile'
}

/** Runs in its own process, as they replace globals. */
async function program(kit: ChildKit, { origin, kind, mock, installs }: Data): Promise<void> {
  const Agent = await kit.agentConstructor(kind)
  const agent = new Agent()
  const undici = (await kit.load(
    kind === 'dodici' ? '../../lib/index.ts' : 'undici',
  )) as unknown as typeof undiciModule
  undici.setGlobalDispatcher(agent)
  const failure = async (promise: Promise<unknown>): Promise<unknown> => {
    const error = (await promise.then(
      (value) => ({ name: 'none', message: String(value) }),
      (thrown: unknown) => thrown,
    )) as Error & { cause?: { code?: string } }
    return [error.name, error.message, error.cause?.code]
  }
  const say = async (path: string, init?: RequestInit): Promise<void> => {
    const response = await fetch(path, init)
    kit.say([response.status, (await response.text()).slice(0, 100)])
  }
  const all = async (): Promise<void> => {
    await say(`${origin}/json?q=1`)
    await say(`${origin}/echo`, { method: 'POST', body: 'grüße' })
    const form = new FormData()
    form.append('file', new Blob(['x'.repeat(10_000)]), 'a.txt')
    kit.say(
      (await (await fetch(`${origin}/echo`, { method: 'POST', body: form })).text()).length > 1e4,
    )
    await say(`${origin}/moved`)
    await say(`${origin}/gzip`)
    kit.say(await failure(fetch(`${origin}/silent`, { signal: AbortSignal.timeout(100) })))
    kit.say(await failure(fetch('http://127.0.0.1:2/')))
    const many = Array.from({ length: 50 }, async (_, i) => {
      const response = await fetch(`${origin}/many?${i}`)
      return (await response.json()) as { url: string }
    })
    kit.say((await Promise.all(many)).map(({ url }) => url))
  }
  const mocked = async (): Promise<void> =>
    kit.say({ mocked: await failure(fetch('http://mocked.invalid/x').then((r) => r.text())) })
  if (installs === 'before') undici.install()
  await all()
  if (mock === 'msw') {
    const { setupServer } = (await kit.load('msw/node')) as unknown as typeof mswNode
    const { http, HttpResponse } = (await kit.load('msw')) as unknown as typeof msw
    const server = setupServer(
      http.get('http://mocked.invalid/x', () => HttpResponse.json({ mocked: true })),
    )
    server.listen({ onUnhandledFrame: 'bypass' })
    await mocked()
    if (installs === 'meanwhile') undici.install()
    await all()
    server.close()
  } else {
    const loaded = (await kit.load('nock')) as unknown as { default: typeof nockModule }
    const nock = loaded.default
    nock('http://mocked.invalid').get('/x').reply(200, { mocked: true })
    nock.enableNetConnect()
    await mocked()
    if (installs === 'meanwhile') undici.install()
    await all()
    nock.restore()
  }
  await all()
  await agent.close()
}

const kinds = ['undici', 'dodici'] as const

const table = [
  { mock: 'msw', installs: 'never' },
  { mock: 'msw', installs: 'before' },
  { mock: 'msw', installs: 'meanwhile' },
  { mock: 'nock', installs: 'never' },
  // install() during the mock is not tested: nock then makes Requests of the new global class, which the fetch below it
  // refuses.
  { mock: 'nock', installs: 'before' },
] as const

describe.runIf(agentKind === 'dodici').each(table)('$mock, install() $installs', (how) => {
  it('lets through what it does not mock; over dodici it mocks nothing', async () => {
    const accounts = await Promise.all(
      kinds.map(async (kind) => {
        const site = await startClientSite('HTTP/1.1')
        const data = { origin: site.origin, kind, ...how }
        const { code, said, stderr } = await runChild(program, data, { kind })
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        await site.close()
        const text = JSON.stringify(said).replaceAll(new URL(site.origin).host, 'HOST')
        const isMocked = (value: unknown): value is { mocked: unknown } =>
          Object.hasOwn(value as object, 'mocked')
        const all = JSON.parse(text) as unknown[]
        return {
          mocked: all.find(isMocked)?.mocked,
          said: all.filter((value) => typeof value !== 'object' || !isMocked(value)),
          requests: site.log.toSorted(),
        }
      }),
    )
    const [undici, dodici] = accounts
    expect(undici?.mocked).toEqual(['none', '{"mocked":true}', null])
    expect(dodici?.mocked).toEqual(['TypeError', 'fetch failed', 'ENOTFOUND'])
    expect(dodici?.said).toEqual(undici?.said)
    expect(dodici?.requests).toEqual(undici?.requests)
    // Three times 5 and 50, the second of a redirect, and a silent one.
    expect(dodici?.requests).toHaveLength(3 * 57)
  })
})
