import * as undici from 'undici'
import * as undici7 from 'undici7'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import * as dodici from '../../../lib/index.ts'
import { setGlobalDispatcher } from '../../../lib/api/global-dispatcher.ts'
import { client, type Submitted } from '../support/fake-native.ts'
import { thrown } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

/** An Agent whose requests are answered, soon, with their target. */
function answering(): Agent {
  const agent = new Agent()
  const dispatch = agent.dispatch.bind(agent)
  agent.dispatch = (opts, handler) => {
    const more = dispatch(opts, handler)
    const native = client()
    const { id, target } = native.submitted.at(-1) as Submitted
    setImmediate(() => {
      native.batch((b) =>
        b.response(id, target, {
          headers: [
            ['X-A', '1'],
            ['Set-Cookie', 'c'],
          ],
        }),
      )
    })
    return more
  }
  return agent
}

describe('setGlobalDispatcher()', () => {
  it.each([
    ['Node\u2019s fetch', globalThis.fetch],
    ['undici 8\u2019s fetch', undici.fetch],
    ['undici 7\u2019s fetch', undici7.fetch],
    ['our fetch', dodici.fetch],
  ])('makes the Agent serve %s', async (_, fetch) => {
    setGlobalDispatcher(answering())
    const response = await (fetch as typeof globalThis.fetch)('http://a.test/x?y#z')
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toEqual({ 'x-a': '1', 'set-cookie': 'c' })
    expect(await response.text()).toBe('/x?y')
  })

  it.each([
    ['undici 8\u2019s request', undici.request],
    ['undici 7\u2019s request', undici7.request],
    ['our request', dodici.request],
  ])('makes the Agent serve %s', async (_, request) => {
    setGlobalDispatcher(answering())
    const { statusCode, body } = await request('http://a.test/x')
    expect([statusCode, await body.text()]).toEqual([200, '/x'])
  })

  it('gives callers of undici 7 and 8 the Agent itself', () => {
    const agent = new Agent()
    setGlobalDispatcher(agent)
    expect(undici.getGlobalDispatcher()).toBe(agent)
    expect(undici7.getGlobalDispatcher()).toBe(agent)
    expect(dodici.getGlobalDispatcher()).toBe(agent)
  })

  it('may be followed by undici\u2019s own setGlobalDispatcher()', async () => {
    setGlobalDispatcher(new Agent())
    undici.setGlobalDispatcher(answering())
    expect(await (await fetch('http://a.test/x')).text()).toBe('/x')
    expect(client().submitted.at(-1)?.flags).not.toContain('allowHttp2')
  })

  it('refuses what has no dispatch(), as undici does', () => {
    for (const agent of [undefined, null, {}, { dispatch: 5 }]) {
      const expected = thrown(() => undici.setGlobalDispatcher(agent as never))
      expect(expected).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
      expect(thrown(() => setGlobalDispatcher(agent as never))).toEqual(expected)
    }
  })
})

describe('{ dispatcher } of a single call', () => {
  it.each([
    ['Node\u2019s fetch', globalThis.fetch],
    ['undici 8\u2019s fetch', undici.fetch],
    ['undici 7\u2019s fetch', undici7.fetch],
  ])('may be an Agent in %s', async (_, fetch) => {
    const response = await (fetch as typeof undici.fetch)('http://a.test/x', {
      dispatcher: answering(),
    })
    expect(await response.text()).toBe('/x')
  })

  it.each([
    ['undici 8\u2019s request', undici.request],
    ['undici 7\u2019s request', undici7.request],
  ])('may be an Agent in %s', async (_, request) => {
    const { body } = await (request as typeof undici.request)('http://a.test/x', {
      dispatcher: answering(),
    })
    expect(await body.text()).toBe('/x')
  })
})

describe('dodici/register', () => {
  it('makes an Agent the global dispatcher', async () => {
    await import('../../../lib/register.ts')
    expect(undici.getGlobalDispatcher()).toBeInstanceOf(Agent)
  })
})
