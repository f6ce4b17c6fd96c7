/** `node --import dodici/register app.js`: no line changed, and the program's fetch goes through the agent. */
import { fileURLToPath } from 'node:url'
import type * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1 } from '../support/fixtures.ts'

const register = fileURLToPath(new URL('../../lib/register.ts', import.meta.url))

describe.runIf(agentKind === 'dodici')('node --import dodici/register', () => {
  it('serves fetch and undici.request, and the process ends by itself', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const { code, said, stderr } = await runChild(
      program,
      { origin: server.origin },
      { nodeArgs: ['--import', register] },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual(['/fetch', '/request', true])
    expect(server.accepted).toBeGreaterThan(0)
  })

  it('is silent in a program that sends nothing', async () => {
    const { code, said, stdout, stderr } = await runChild(
      ({ say }: ChildKit) => say('done'),
      {},
      { nodeArgs: ['--import', register] },
    )
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['done'], stderr: '' })
    expect(stdout).toBe('@"done"\n')
  })

  async function program(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
    const { request } = (await kit.load('undici')) as unknown as typeof undici
    kit.say(await (await fetch(`${origin}/fetch`)).text())
    const { body } = await request(`${origin}/request`)
    kit.say(await body.text())
    kit.say(kit.loopThreads() > 0)
  }
})
