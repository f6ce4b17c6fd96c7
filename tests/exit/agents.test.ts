/**
 * Agents in changing surroundings: ending workers, garbage collection, copies of the addon, forks, missing descriptors.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { timeFactor } from '../support/time-factor.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { listen } from '../support/servers/listen.ts'
import { until } from '../support/wait.ts'
// UBSan's check of virtual calls opens a pipe to read memory, and reports a fault if it cannot.
const isSanitized = process.env['ASAN_OPTIONS'] !== undefined

/** Module URLs, for closures that run elsewhere. */
const urls = {
  agents: new URL('../support/agents.ts', import.meta.url).href,
  binding: new URL('../../lib/native/load.ts', import.meta.url).href,
}

interface Target {
  readonly origin: string
  readonly urls: typeof urls
}

/**
 * `/endless` never ends a body, `/together` is answered 32 times at once, uploads are read and never answered, upgrades
 * echo, the rest is answered.
 */
async function useTarget(): Promise<{ target: Target; open: () => number }> {
  const sockets = new Set<Socket>()
  const together: ServerResponse[] = []
  const server = createServer((request, response) => {
    request.on('error', () => {})
    if (request.method === 'POST') request.resume()
    else if (request.url === '/endless') {
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more)
      }
      more()
    } else if (request.url === '/together') {
      if (together.push(response) === 32) {
        for (const each of together.splice(0)) each.end(Buffer.alloc(4000))
      }
    } else response.end('ok')
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('upgrade', (_request, socket: Duplex) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  const { port, close } = await listen(server, sockets)
  onTestFinished(close)
  const open = (): number => [...sockets].filter((socket) => !socket.destroyed).length
  return { target: { origin: `http://127.0.0.1:${port}`, urls }, open }
}

const workerSource = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { origin, urls, scene } = workerData
  const ready = () => parentPort.postMessage('ready')
  const request = { origin, path: '/', method: 'GET' }
  const scenes = {
    async request(agent) {
      agent.stream({ ...request, path: '/endless' }, () => {
        const { Writable } = require('node:stream')
        return new Writable({ write(chunk, encoding, next) { ready(); next() } })
      }).catch(() => {})
    },
    async upload(agent) {
      async function* chunks() { for (;;) { yield Buffer.alloc(65536); ready() } }
      const { Readable } = require('node:stream')
      agent.request({ ...request, method: 'POST', body: Readable.from(chunks()) }).catch(() => {})
    },
    async upgrade(agent) {
      const { socket } = await agent.upgrade({ origin, path: '/', protocol: 'echo' })
      socket.on('data', (chunk) => { ready(); socket.write(chunk) })
      socket.write(Buffer.alloc(65536))
    },
    async keep(agent) {
      const kept = globalThis.kept = []
      await Promise.all(Array.from({ length: 32 }, () => new Promise((resolve, reject) => {
        agent.dispatch({ ...request, path: '/together' }, {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(controller, chunk) { kept.push(chunk) },
          onResponseEnd: resolve,
          onResponseError(controller, error) { reject(error) },
        })
      })))
      setInterval(() => {}, 1000)
      ready()
    },
    async load(agent) {
      let left = 500
      const one = async () => {
        while (left-- > 0) {
          const { body } = await agent.request(request)
          if (await body.text() !== 'ok') throw new Error('another answer')
        }
      }
      await Promise.all(Array.from({ length: 20 }, one))
      await agent.close()
      parentPort.postMessage('done')
    },
  }
  import(urls.agents).then(async ({ createAgent }) => scenes[scene](await createAgent()))`

interface Workers extends Target {
  readonly source: string
  readonly scene: string
  readonly times: number
  readonly atOnce: number
  readonly terminates: boolean
}

interface WorkerLike extends NodeJS.EventEmitter {
  terminate(): Promise<number>
}

async function runWorkers(kit: ChildKit, plan: Workers): Promise<void> {
  const { source, atOnce, times, terminates, ...workerData } = plan
  const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
    Worker: new (source: string, options: object) => WorkerLike
  }
  const messages = new Set<unknown>()
  const one = async (): Promise<void> => {
    const worker = new Worker(source, { eval: true, workerData })
    const exited = new Promise((resolve) => {
      worker.once('exit', resolve)
    })
    worker.on('error', (error: Error) => messages.add(error.message))
    const message = await Promise.race([
      new Promise((resolve) => {
        worker.once('message', resolve)
      }),
      exited.then((code) => `exited with ${String(code)}`),
    ])
    messages.add(message)
    if (terminates) await worker.terminate()
    await exited
  }
  for (let i = 0; i < times; i += atOnce) await Promise.all(Array.from({ length: atOnce }, one))
  await kit.until('the loop threads to end', () => kit.loopThreads() === 0)
  kit.say([...messages])
}

describe.runIf(agentKind === 'dodici')('workers', () => {
  it.each(['request', 'upload', 'upgrade'])(
    'are terminated in the middle of a %s, many times, four at once, and leave nothing behind',
    { timeout: 100_000 * timeFactor },
    async (scene) => {
      const { target, open } = await useTarget()
      // What a worker leaves behind would add up in any of the scenes, so only the first goes on that long; under a sanitizer
      // each worker takes five times as long.
      const many = scene === 'request' ? 68 : 20
      const times = timeFactor > 1 ? 12 : many
      const plan = { ...target, source: workerSource, scene, times, atOnce: 4, terminates: true }
      const { code, signal, said, stderr } = await runChild(runWorkers, plan)
      expect({ code, signal, said, stderr }).toEqual({
        code: 0,
        signal: null,
        said: [['ready']],
        stderr: '',
      })
      await until('all connections are closed', () => open() === 0)
    },
  )

  it('end while they hold the data of many responses', async () => {
    const { target } = await useTarget()
    const plan = {
      ...target,
      source: workerSource,
      scene: 'keep',
      times: 6,
      atOnce: 1,
      terminates: true,
    }
    const { code, said, stderr } = await runChild(runWorkers, plan)
    expect({ code, said, stderr }).toEqual({ code: 0, said: [['ready']], stderr: '' })
  })

  it('have an Agent each, eight at once under load', async () => {
    const { target } = await useTarget()
    const plan = {
      ...target,
      source: workerSource,
      scene: 'load',
      times: 8,
      atOnce: 8,
      terminates: false,
    }
    const { code, said, stderr } = await runChild(runWorkers, plan)
    expect({ code, said, stderr }).toEqual({ code: 0, said: [['done']], stderr: '' })
  })
})

describe.runIf(agentKind === 'dodici')('an Agent', () => {
  it('without references still finishes its requests, and is collected with its connections', async () => {
    const { target, open } = await useTarget()
    const { code, said, stderr } = await runChild(dropped, target, { nodeArgs: ['--expose-gc'] })
    expect({ code, said, stderr }).toEqual({
      code: 0,
      said: ['200 answers', 'collected'],
      stderr: '',
    })
    await until('all connections are closed', () => open() === 0)

    async function dropped(kit: ChildKit, { origin }: Target): Promise<void> {
      const timer = setInterval(() => globalThis.gc?.(), 1)
      let collected = false
      const registry = new FinalizationRegistry(() => (collected = true))
      const request = async (): Promise<number> => {
        const agent = await kit.createAgent()
        registry.register(agent, undefined)
        const { statusCode, body } = await agent.request({ origin, path: '/', method: 'GET' })
        await body.dump()
        return statusCode
      }
      const answers = await Promise.all(Array.from({ length: 200 }, request))
      kit.say(`${answers.filter((status) => status === 200).length} answers`)
      await kit.until('one is collected', () => collected)
      await kit.until('the loop threads to end', () => kit.loopThreads() === 0)
      kit.say('collected')
      clearInterval(timer)
    }
  })

  it('runs beside one of another copy of the addon', async () => {
    const { target } = await useTarget()
    const folder = mkdtempSync(join(tmpdir(), 'dodici-copy-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const copy = join(folder, 'dodici.node')
    copyFileSync(process.env['DODICI_ADDON'] as string, copy)
    const { code, said, stderr } = await runChild(twice, { ...target, copy })
    expect({ code, said, stderr }).toEqual({ code: 0, said: [['ok', 'ok'], 2], stderr: '' })

    async function twice(
      kit: ChildKit,
      { origin, urls: { agents }, copy: path }: Target & { copy: string },
    ): Promise<void> {
      type Kit = { createAgent: ChildKit['createAgent'] }
      const ask = async ({ createAgent }: Kit): Promise<string> => {
        const agent = await createAgent()
        const { body } = await agent.request({ origin, path: '/', method: 'GET' })
        const text = await body.text()
        await agent.close()
        return text
      }
      const first = await ask(kit)
      // A second copy of lib/ as well, in a worker, because modules are loaded once per thread.
      process.env['DODICI_ADDON'] = path
      const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
        Worker: new (source: string, options: object) => WorkerLike
      }
      const source = `
        const { parentPort, workerData } = require('node:worker_threads')
        import(workerData.agents).then(async ({ createAgent }) => {
          const agent = await createAgent()
          const { body } = await agent.request({ origin: workerData.origin, path: '/', method: 'GET' })
          parentPort.postMessage(await body.text())
          await agent.close()
        })`
      const worker = new Worker(source, { eval: true, workerData: { origin, agents } })
      const second = await new Promise((resolve) => {
        worker.once('message', resolve)
      })
      const { readFileSync } = (await kit.load('node:fs')) as unknown as {
        readFileSync: (path: string, encoding: string) => string
      }
      const maps = readFileSync('/proc/self/maps', 'utf8').split('\n')
      const loaded = maps.filter((line) => line.includes('dodici.node') && line.includes(' r-xp '))
      kit.say([first, second])
      kit.say(loaded.length)
    }
  })

  it('does not disturb children made by fork(), and is not disturbed by them', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(forking, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['ok', 'ok ok ok'], stderr: '' })

    async function forking(kit: ChildKit, { origin, urls: { agents } }: Target): Promise<void> {
      const agent = await kit.createAgent()
      const endless = agent.request({ origin, path: '/endless', method: 'GET' })
      await endless
      const { execFile } = (await kit.load('node:child_process')) as unknown as {
        execFile: (
          file: string,
          args: string[],
          done: (error: Error | null, stdout: string) => void,
        ) => void
      }
      const source = `
        const { createAgent } = await import(${JSON.stringify(agents)})
        const agent = await createAgent()
        const { body } = await agent.request({ origin: ${JSON.stringify(origin)}, path: '/', method: 'GET' })
        process.stdout.write(await body.text())`
      const child = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const args = ['--no-warnings', '--input-type=module', '-e', source]
          execFile(process.execPath, args, (error, stdout) =>
            error ? reject(error) : resolve(stdout),
          )
        })
      const said = await Promise.all([child(), child(), child()])
      const { body } = await agent.request({ origin, path: '/', method: 'GET' })
      kit.say(await body.text())
      kit.say(said.join(' '))
      await agent.destroy()
    }
  })

  it('runs in the workers of a cluster, and in its primary beside them', async () => {
    const { target } = await useTarget()
    const folder = mkdtempSync(join(tmpdir(), 'dodici-cluster-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'cluster.mjs')
    writeFileSync(
      file,
      `import cluster from 'node:cluster'
      const { origin, urls } = JSON.parse(process.argv[2])
      const { createAgent } = await import(urls.agents)
      const ask = async () => {
        const agent = await createAgent()
        const texts = await Promise.all(Array.from({ length: 50 }, async () => {
          const { body } = await agent.request({ origin, path: '/', method: 'GET' })
          return body.text()
        }))
        await agent.close()
        return texts.every((text) => text === 'ok')
      }
      if (cluster.isPrimary) {
        const first = await ask()
        const workers = Array.from({ length: 3 }, () => cluster.fork())
        const said = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)))
        const beside = await ask()
        process.stdout.write(JSON.stringify([first, beside, ...await Promise.all(said)]))
        cluster.disconnect()
      } else process.send(await ask())`,
    )
    const args = ['--no-warnings', file, JSON.stringify(target)]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([true, true, true, true, true])
  })

  it.skipIf(isSanitized)('out of descriptors fails requests, and recovers', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(exhausting, target)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([['EMFILE'], true, 'ok'])

    async function exhausting(kit: ChildKit, { origin }: Target): Promise<void> {
      const { execFileSync } = (await kit.load('node:child_process')) as unknown as {
        execFileSync: (file: string, args: string[]) => void
      }
      const agent = await kit.createAgent()
      const warm = await agent.request({ origin, path: '/', method: 'GET' })
      await warm.body.dump()
      execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=64:64'])
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, () =>
          agent.request({ origin, path: '/endless', method: 'GET' }),
        ),
      )
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
      kit.say([...new Set(failed.map(({ reason }) => (reason as { code: string }).code))])
      kit.say(failed.length > 0 && failed.length < 100)
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') outcome.value.body.on('error', () => {}).destroy()
      }
      const again = async (): Promise<void> => {
        for (;;) {
          const answer = await agent.request({ origin, path: '/', method: 'GET' }).catch(() => null)
          await answer?.body.dump()
          if (answer !== null) return
        }
      }
      await kit.within('requests to go again', again())
      const { body } = await agent.request({ origin, path: '/', method: 'GET' })
      kit.say(await body.text())
      await agent.close()
    }
  })
})
