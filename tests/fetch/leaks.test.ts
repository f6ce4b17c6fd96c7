/** Many calls of fetch() with one long-lived signal leave nothing behind, whatever happens to their responses. */
import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type * as Undici from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, fetch } from '../../lib/index.ts'
import { runChild, startWorker } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { until } from '../support/wait.ts'

/** A hundred thousand if time does not matter. */
const calls = Number(process.env['DODICI_FETCH_CALLS'] ?? 1500)

async function useServer(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/slow') response.write('begun')
    else response.end('x'.repeat(Number(request.url?.slice(1) || 100)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

interface Data {
  readonly url: string
  readonly calls: number
  readonly fates: readonly (readonly [signals: Signals, fate: Fate])[]
}

type Signals = 'one' | 'any' | 'timeout' | 'none'
type Fate = 'read' | 'HEAD' | 'dropped' | 'cancelled' | 'cloned' | 'aborted'

/** Reports how many bytes of heap a call leaves, and how many listeners stay on the signal. */
async function program(kit: ChildKit, { url, calls, fates }: Data): Promise<void> {
  const { getEventListeners } = (await kit.load('node:events')) as unknown as {
    getEventListeners: (target: EventTarget, type: string) => unknown[]
  }
  const { Agent, fetch } = (await kit.load('../../lib/index.ts')) as unknown as typeof Undici
  const agent = new Agent()
  const { signal } = new AbortController()
  const listeners = (): number => getEventListeners(signal, 'abort').length
  const signalOf = (signals: Signals): AbortSignal | undefined => {
    if (signals === 'one') return signal
    if (signals === 'any') return AbortSignal.any([signal, new AbortController().signal])
    return signals === 'timeout' ? AbortSignal.timeout(3_600_000) : undefined
  }
  const call = async (signals: Signals, fate: Fate): Promise<void> => {
    if (fate === 'aborted') {
      const abort = new AbortController()
      const any = AbortSignal.any([signal, abort.signal])
      const asked = fetch(`${url}slow`, { dispatcher: agent, signal: any })
      const { body } = await asked
      abort.abort()
      await body?.cancel().catch(() => {})
      return
    }
    const of = signalOf(signals)
    const response = await fetch(url, {
      dispatcher: agent,
      method: fate === 'HEAD' ? 'HEAD' : 'GET',
      ...(of && { signal: of }),
    })
    if (fate === 'read') await response.text()
    if (fate === 'cancelled') await response.body?.cancel()
    if (fate === 'cloned') await Promise.all([response.clone().text(), response.text()])
  }
  const many = async (count: number, signals: Signals, fate: Fate): Promise<void> => {
    for (let i = 0; i < count; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => call(signals, fate)))
    }
  }
  for (const [signals, fate] of fates) {
    await many(500, signals, fate)
    const before = await kit.heapUsed()
    await many(calls, signals, fate)
    await kit.until('no listener is left', () => {
      globalThis.gc?.()
      return listeners() === 0
    })
    kit.say([signals, fate, ((await kit.heapUsed()) - before) / calls])
  }
  await agent.close()
}

const fates: Data['fates'] = [
  ['one', 'read'],
  ['one', 'HEAD'],
  ['one', 'dropped'],
  ['one', 'cancelled'],
  ['one', 'cloned'],
  ['one', 'aborted'],
  ['any', 'read'],
  ['any', 'dropped'],
  ['none', 'dropped'],
  ['timeout', 'read'],
]

describe('many calls of fetch()', () => {
  it(
    'leave nothing on a signal, whatever becomes of their responses',
    { timeout: 120_000 + 10 * calls },
    async () => {
      const data = { url: await useServer(), calls, fates }
      const options = { nodeArgs: ['--expose-gc'], deadlineMs: 110_000 + 10 * calls }
      const { code, said, stderr } = await runChild<Data>(program, data, options)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(said).toHaveLength(fates.length)
      for (const [signals, fate, bytes] of said as [Signals, Fate, number][]) {
        // A call that stays takes more than a kilobyte. A timeout lives until it ends.
        const isLittle = bytes < (signals === 'timeout' ? 1500 : 400)
        expect({ signals, fate, bytes, isLittle }).toMatchObject({ isLittle: true })
      }
    },
  )

  it('warn of no leak, however many run on one signal', async () => {
    const url = await useServer()
    const agent = new Agent()
    onTestFinished(() => agent.destroy())
    const warnings: Error[] = []
    const listener = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    const abort = new AbortController()
    const running = Array.from({ length: 200 }, () =>
      fetch(`${url}slow`, { dispatcher: agent, signal: abort.signal }),
    )
    const responses = await Promise.all(running)
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1)
    const read = Promise.allSettled(responses.map((response) => response.text()))
    abort.abort()
    expect((await read).every(({ status }) => status === 'rejected')).toBe(true)
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
    expect(warnings).toEqual([])
  })
})

describe('fetch() and the end of its Agent', () => {
  it('fails what is in flight, leaves what has come, and refuses what comes later', async () => {
    const url = await useServer()
    const agent = new Agent()
    const complete = await fetch(url, { dispatcher: agent })
    const { signal } = new AbortController()
    const followed = await fetch(`${url}5`, { dispatcher: agent, signal })
    const begun = await fetch(`${url}slow`, { dispatcher: agent })
    const reading = begun.text()
    const asked = fetch(`${url}slow`, { dispatcher: agent })
    const destroyed = agent.destroy()
    await expect(asked).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_DESTROYED' },
    })
    await expect(reading).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_DESTROYED' },
    })
    await destroyed
    expect(await complete.text()).toHaveLength(100)
    expect(await followed.text()).toHaveLength(5)
    await expect(fetch(url, { dispatcher: agent })).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_DESTROYED' },
    })
  })

  it('is waited for by `await using`', async () => {
    const url = await useServer()
    let text: Promise<string>
    {
      await using agent = new Agent()
      const response = await fetch(url, { dispatcher: agent })
      text = response.text()
    }
    expect(await text).toHaveLength(100)
  })
})

/** Reads until the worker ends. */
async function endless(kit: ChildKit, { url }: { readonly url: string }): Promise<void> {
  const { fetch } = (await kit.load('../../lib/index.ts')) as unknown as typeof Undici
  const { body } = await fetch(`${url}slow`)
  const reader = body?.getReader()
  await reader?.read()
  const { signal } = new AbortController()
  const others = Array.from({ length: 50 }, () => fetch(`${url}100000`, { signal }))
  kit.say((await Promise.all(others)).length)
  await reader?.read()
}

describe('fetch() in workers', () => {
  it('ends with its worker, with bodies half read and unread', async () => {
    const url = await useServer()
    const workers = Array.from({ length: 3 }, () => startWorker(endless, { url }))
    await until('all have begun', () => workers.every(({ said }) => said[0] === 50))
    for (const { worker } of workers) await worker.terminate()
    expect(await (await fetch(url)).text()).toHaveLength(100)
  })
})
