/**
 * Mocks of the global fetch itself, set up before and after install(), must work alike over undici's fetch and over
 * ours.
 */
import type * as interceptors from '@mswjs/interceptors/fetch/web'
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
  readonly order: 'before' | 'behind'
}

/** Runs in its own process, as globals are replaced. */
async function program(kit: ChildKit, { origin, kind, order }: Data): Promise<void> {
  const undici = (await kit.load(
    kind === 'dodici' ? '../../lib/index.ts' : 'undici',
  )) as unknown as typeof undiciModule
  const agent = new undici.Agent()
  undici.setGlobalDispatcher(agent)
  const { FetchInterceptor } = (await kit.load(
    '@mswjs/interceptors/fetch/web',
  )) as unknown as typeof interceptors
  const interceptor = new FetchInterceptor()
  interceptor.on('request', async ({ request, controller }) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/mocked') {
      const text = await request.clone().text()
      controller.respondWith(
        Response.json({ text, asked: request.headers.get('x-asked') }, { status: 201 }),
      )
    } else if (pathname === '/error') {
      controller.respondWith(Response.error())
    } else if (pathname === '/elsewhere') {
      controller.respondWith(Response.redirect(`${origin}/json`, 302))
    }
  })
  interceptor.on('response', async ({ response, responseType }) => {
    kit.say([responseType, response.status, (await response.clone().text()).length])
  })
  const ask = async (path: string, init?: RequestInit): Promise<void> => {
    const asked = fetch(`${origin}${path}`, init)
    try {
      const response = await asked
      const clone = response.clone()
      kit.say([
        response.status,
        response.redirected,
        response instanceof Response,
        response.headers.get('content-type'),
        (await response.text()).slice(0, 60),
        (await clone.arrayBuffer()).byteLength,
      ])
    } catch (error) {
      const { name, message } = error as Error
      kit.say([name, message])
    }
  }
  if (order === 'before') interceptor.apply()
  undici.install()
  if (order === 'behind') interceptor.apply()
  for (const path of ['/json?q=1', '/moved', '/gzip', '/missing', '/cut', '/elsewhere', '/error']) {
    await ask(path)
  }
  for (const path of ['/echo', '/mocked', '/moved-with-body']) {
    await ask(path, { method: 'POST', body: 'content', headers: { 'X-Asked': 'so' } })
  }
  await ask('/silent', { signal: AbortSignal.timeout(50) })
  const request = new Request(`${origin}/echo`, { method: 'PUT', body: 'of a Request' })
  kit.say(await (await fetch(request)).text())
  interceptor.dispose()
  await ask('/json?q=2')
  await agent.close()
}

const orders = ['before', 'behind'] as const

describe.runIf(agentKind === 'dodici')('an interceptor of the global fetch', () => {
  it.each(orders)('%s install()', async (order) => {
    const accounts = await Promise.all(
      (['undici', 'dodici'] as const).map(async (kind) => {
        const site = await startClientSite('HTTP/1.1')
        const data = { origin: site.origin, kind, order }
        const { code, said, stderr } = await runChild<Data>(program, data)
        await site.close()
        return { code, said, stderr, requests: site.log.toSorted() }
      }),
    )
    const [theirs, ours] = accounts
    expect(ours).toEqual(theirs)
    expect(ours).toMatchObject({ code: 0, stderr: '' })
    const isMocked = JSON.stringify(ours?.said).includes('"asked\\":\\"so')
    // install() replaces what was there before.
    expect(isMocked).toBe(order === 'behind')
    expect(ours?.requests.length).toBe(order === 'behind' ? 13 : 15)
  })
})
