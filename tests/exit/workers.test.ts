/**
 * Workers that end at any moment: no crash, no hang, and no thread or connection is left. The child's exit code shows
 * it.
 */
import type * as Fs from 'node:fs'
import type { Worker as NodeWorker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type * as NativeClients from '../addon/support/native-client.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until } from '../support/wait.ts'
import { useTarget } from './support/targets.ts'
import type { Target } from './support/targets.ts'

const scenes = [
  'idle',
  'waiting for a head',
  'in the middle of bodies',
  'paused in a body',
  'busy',
  'stuck in onBatch',
  'calling into native without end',
  'opening and destroying clients without end',
  'destroying',
]

interface Plan extends Target {
  readonly scene: string
  readonly times: number
  readonly atOnce: number
}

/** Runs in the child: starts workers, ends each as soon as it is in its scene, and reports how they ended. */
async function endWorkers(kit: ChildKit, plan: Plan): Promise<void> {
  const { load, say, loopThreads, until: waitUntil } = kit
  const { origin, workerUrl, scene, times, atOnce } = plan
  const { Worker } = (await load('node:worker_threads')) as unknown as { Worker: typeof NodeWorker }
  const codes = new Set<unknown>()
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL(workerUrl), {
      workerData: { origin, scene },
      execArgv: ['--no-warnings'],
    })
    const exited = new Promise((resolve) => {
      worker.once('exit', resolve)
    })
    worker.on('error', (error: Error) => codes.add(error.message))
    await new Promise((resolve) => {
      worker.once('message', resolve)
    })
    if (!scene.includes('in onBatch') || scene.startsWith('stuck')) void worker.terminate()
    codes.add(await exited)
  }
  for (let i = 0; i < times; i += atOnce) await Promise.all(Array.from({ length: atOnce }, one))
  await waitUntil('the loop threads to end', () => loopThreads() === 0)
  say([...codes])
}

describe('a worker', () => {
  it.each(scenes)('can be terminated while %s, again and again, four at once', async (scene) => {
    const { server, target } = await useTarget()
    const plan = { ...target, scene, times: timeFactor > 1 ? 12 : 20, atOnce: 4 }
    const { code, signal, said, stderr } = await runChild(endWorkers, plan)
    expect({ code, signal, said, stderr }).toEqual({
      code: 0,
      signal: null,
      said: [[1]],
      stderr: '',
    })
    await until('its connections to close', () => server.sockets.size === 0)
  })

  it('leaves the addon loaded for the next one', async () => {
    const { target } = await useTarget()
    const { code, said } = await runChild(loadedTwice, target)
    expect({ code, said }).toEqual({ code: 0, said: [0, true] })

    async function loadedTwice(kit: ChildKit, { origin, workerUrl }: Target): Promise<void> {
      const { load, say } = kit
      const { readFileSync } = (await load('node:fs')) as unknown as typeof Fs
      const { Worker } = (await load('node:worker_threads')) as unknown as {
        Worker: typeof NodeWorker
      }
      const mappings = (): number =>
        readFileSync('/proc/self/maps', 'utf8').split('dodici.node').length - 1
      say(mappings())
      const scene = 'calling process.exit() in onBatch'
      const worker = new Worker(new URL(workerUrl), {
        workerData: { origin, scene },
        execArgv: ['--no-warnings'],
      })
      await new Promise((resolve) => {
        worker.once('exit', resolve)
      })
      say(mappings() > 0)
    }
  })

  it('may call process.exit() in onBatch', async () => {
    const { target } = await useTarget()
    const scene = 'calling process.exit() in onBatch'
    const { code, said } = await runChild(endWorkers, { ...target, scene, times: 10, atOnce: 2 })
    expect({ code, said }).toEqual({ code: 0, said: [[1]] })
  })

  it('ends with its error when onBatch throws', async () => {
    const { target } = await useTarget()
    const scene = 'throwing in onBatch'
    const { code, said } = await runChild(endWorkers, { ...target, scene, times: 10, atOnce: 2 })
    expect({ code, said }).toEqual({ code: 0, said: [['thrown in a worker', 1]] })
  })
})

describe('the main thread', () => {
  it.each(['idle', 'busy', 'in the middle of bodies', 'stuck in onBatch'])(
    'may exit while workers are %s',
    async (scene) => {
      const { target } = await useTarget()
      const { code, signal, stderr } = await runChild(exitBeside, { ...target, scene })
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })

      async function exitBeside(kit: ChildKit, data: Target & { scene: string }): Promise<void> {
        const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
          Worker: typeof NodeWorker
        }
        const start = (): Promise<unknown> => {
          const worker = new Worker(new URL(data.workerUrl), {
            workerData: { origin: data.origin, scene: data.scene },
            execArgv: ['--no-warnings'],
          })
          return new Promise((resolve) => {
            worker.once('message', resolve)
          })
        }
        await Promise.all([start(), start(), start()])
        process.exit(7)
      }
    },
  )

  it('continues when a worker that shares its loop threads is terminated', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(goOn, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['ok', 'slow', 'ok'], stderr: '' })

    async function goOn(kit: ChildKit, { origin, clientUrl, workerUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as typeof NativeClients
      const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
        Worker: typeof NodeWorker
      }
      const client = new TestClient()
      kit.say((await client.exchange(1, { origin })).body.toString())
      const slow = client.send(2, { origin, target: '/slow' })
      const worker = new Worker(new URL(workerUrl), {
        workerData: { origin, scene: 'busy' },
        execArgv: ['--no-warnings'],
      })
      await new Promise((resolve) => {
        worker.once('message', resolve)
      })
      await worker.terminate()
      await kit.until('the slow one', () => slow.end !== undefined)
      kit.say(slow.body.toString())
      kit.say((await client.exchange(3, { origin })).body.toString())
    }
  })
})
