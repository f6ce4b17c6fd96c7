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

  it('registers in the workers of that process too', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const data = { origin: server.origin }
    const { code, said, stderr } = await runChild(parent, data, {
      nodeArgs: ['--import', register],
    })
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['/worker', true, 0], stderr: '' })

    async function parent(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
      const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
        Worker: new (program: URL, options: object) => NodeJS.EventEmitter
      }
      // A module: Node preloads nothing for a worker whose program is a string.
      const source = `
        import { readdirSync, readFileSync } from 'node:fs'
        import { parentPort, workerData } from 'node:worker_threads'
        const response = await fetch(workerData + '/worker')
        const text = await response.text()
        const names = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8'))
        parentPort.postMessage([text, names.some((name) => name.startsWith('dodici'))])`
      const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
      const worker = new Worker(url, { workerData: origin })
      worker.once('message', (values: unknown[]) => values.forEach(kit.say))
      worker.once('exit', (exitCode: unknown) => kit.say(exitCode))
    }
  })

  async function program(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
    const { request } = (await kit.load('undici')) as unknown as typeof undici
    kit.say(await (await fetch(`${origin}/fetch`)).text())
    const { body } = await request(`${origin}/request`)
    kit.say(await body.text())
    kit.say(kit.loopThreads() > 0)
  }
})
