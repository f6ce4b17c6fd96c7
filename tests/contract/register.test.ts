/** `node --import dodici/register app.js`: no line changed, and the program's fetch goes through the agent. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type * as undici from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1, useRaw } from '../support/fixtures.ts'
import { nodeProgram } from '../support/node-versions.ts'
import { within } from '../support/wait.ts'

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
      // A module, because Node preloads nothing for a worker whose program is a string.
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

// Each request of Node's own WebSocket goes through it, and its connection must end as over Node's own Agent.
describe.runIf(agentKind === 'dodici').each([22, 24] as const)(
  "the WebSocket of Node %i ends over dodici/register as over Node's own dispatcher",
  (major) => {
    const switching =
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n'

    it.each<[string, (accept: string) => string]>([
      ['a wrong accept key', () => `${switching}sec-websocket-accept: bm8=\r\n\r\n`],
      [
        'a wrong subprotocol',
        (accept) =>
          `${switching}sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: other\r\n\r\n`,
      ],
      ['no subprotocol', (accept) => `${switching}sec-websocket-accept: ${accept}\r\n\r\n`],
      ['200', () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'],
      ['200 without end', () => 'HTTP/1.1 200 OK\r\n\r\nhi'],
      ['404', () => 'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno'],
    ])('with %s', async (_name, answer) => {
      const own = await outcome(answer, [])
      expect(own).toMatchObject({ code: 0, said: 'error\n' })
      expect(await outcome(answer, ['--import', register])).toEqual(own)
    })

    async function outcome(
      answer: (accept: string) => string,
      nodeArgs: string[],
    ): Promise<object> {
      const ended = Promise.withResolvers<string>()
      const server = await useRaw(async (peer) => {
        void peer.ended.then(ended.resolve)
        const key = /sec-websocket-key: (.*)\r\n/i.exec(await peer.head())?.[1] ?? ''
        const keyed = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        peer.send(answer(createHash('sha1').update(keyed).digest('base64')))
      })
      const url = server.origin.replace('http', 'ws')
      // Nothing of ours is loaded, and no other undici, which would set the global dispatcher.
      const program = `new WebSocket('${url}', ['chat']).onerror = () => console.log('error')`
      const args = [...nodeArgs, '--no-warnings', '-e', program]
      const child = spawn(nodeProgram(major), args, { stdio: ['ignore', 'pipe', 'inherit'] })
      onTestFinished(() => void child.kill('SIGKILL'))
      const said = text(child.stdout)
      const [code] = await within('the exit', once(child, 'close'))
      return { code, said: await said, ended: await within('the end', ended.promise) }
    }
  },
)
