/** What fetch() leaves behind (listeners, connections, memory), its stack and its timing entries. */
import { getEventListeners, once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import * as undici from 'undici'
import * as undici7 from 'undici7'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, fetch, setGlobalDispatcher } from '../../lib/index.ts'
import { fallBacks } from '../../lib/fetch/fetch.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { until } from '../support/wait.ts'
import { useServer } from './server.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

function useAgent(): Agent {
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  return agent
}

describe('fetch()', () => {
  it('keeps one listener on a signal while it runs, and none afterwards', async () => {
    const url = await useServer((_request, response) => response.end('x'))
    const dispatcher = useAgent()
    const { signal } = new AbortController()
    const count = () => getEventListeners(signal, 'abort').length
    const running = Array.from({ length: 100 }, () => fetch(url, { dispatcher, signal }))
    expect(count()).toBe(1)
    for (const response of await Promise.all(running)) await response.text()
    await until('the last listener has gone', () => count() === 0)
  })

  it('frees the connection of a response that was garbage-collected', async () => {
    let closed = 0
    const url = await useServer((_request, response) => {
      response.on('close', () => closed++)
      response.write('x'.repeat(1_000_000))
    })
    const dispatcher = useAgent()
    const count = 20
    await Promise.all(
      Array.from({ length: count }, async () => (await fetch(url, { dispatcher })).status),
    )
    await until('all are closed', () => {
      gc()
      return closed === count
    })
  })

  it.each(['clone', 'tee', 'body'] as const)(
    'leaves no rejection behind when a response whose body had failed is garbage-collected: %s',
    async (way) => {
      const url = await useServer((_request, response) => void response.write('x'))
      const rejections: unknown[] = []
      const onRejection = (error: unknown): void => void rejections.push(error)
      process.on('unhandledRejection', onRejection)
      onTestFinished(() => void process.off('unhandledRejection', onRejection))
      let collected = 0
      const registry = new FinalizationRegistry<undefined>(() => collected++)
      const count = 10
      const dropOne = async (): Promise<void> => {
        const dispatcher = new Agent()
        const response = await fetch(url, { dispatcher })
        registry.register(response, undefined)
        if (way === 'clone')
          response
            .clone()
            .body?.getReader()
            .closed.catch(() => {})
        if (way === 'tee') response.body?.tee()
        if (way === 'body') response.body?.getReader().releaseLock()
        // Such a response is followed from the next turn on.
        await new Promise(setImmediate)
        await dispatcher.destroy()
      }
      for (let i = 0; i < count; i++) await dropOne()
      await until('all are collected', () => {
        gc()
        return collected === count
      })
      await new Promise(setImmediate)
      expect(rejections).toEqual([])
    },
  )

  it('does not abort a response that is referenced, or read by its stream', async () => {
    let finish = (): void => {}
    const url = await useServer((_request, response) => {
      response.write('x')
      finish = () => response.end('y')
    })
    const dispatcher = useAgent()
    const reader = (await fetch(url, { dispatcher })).body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('x')
    for (let i = 0; i < 5; i++) {
      gc()
      await new Promise(setImmediate)
    }
    finish()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('y')
  })

  it('makes the server of an unread response wait', async () => {
    const sent: number[] = []
    const url = await useServer((_request, response) => {
      const index = sent.push(0) - 1
      const chunk = Buffer.alloc(64 * 1024)
      const write = (): void => {
        while (!response.destroyed && (sent[index] ?? 0) < 50_000_000) {
          sent[index] = (sent[index] ?? 0) + chunk.length
          if (!response.write(chunk)) {
            response.once('drain', write)
            return
          }
        }
      }
      write()
    })
    const dispatcher = useAgent()
    const before = process.memoryUsage().rss
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => fetch(url, { dispatcher })),
    )
    // The sockets' buffers differ between systems.
    let last = -1
    let same = 0
    await until('nothing more is sent', () => {
      const sum = sent.reduce((all, bytes) => all + bytes, 0)
      same = sum === last ? same + 1 : 0
      last = sum
      return same === 100
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
    for (const { body } of responses) await body?.cancel()
  })

  it('names its caller in the stack of its error', async () => {
    async function theCaller(): Promise<void> {
      await fetch('http://127.0.0.1:3/', { dispatcher: useAgent() })
    }
    const error = await theCaller().catch((thrown: unknown) => thrown as Error)
    expect((error as Error).stack).toContain('theCaller')
  })

  it('has an entry among the resource timings, as undici\u2019s has', async () => {
    const url = await useServer((_request, response) => response.end('abc'))
    const dispatcher = useAgent()
    const entries: unknown[] = []
    for (const one of [
      () => undici.fetch(`${url}/undici`),
      () => fetch(`${url}/ours`, { dispatcher }),
    ]) {
      performance.clearResourceTimings()
      await (await one()).text()
      await until('there is an entry', () => performance.getEntriesByType('resource').length > 0)
      const [entry] = performance.getEntriesByType('resource')
      const { initiatorType, encodedBodySize, decodedBodySize, responseStatus, name } =
        entry as unknown as Record<string, unknown>
      entries.push({ initiatorType, encodedBodySize, decodedBodySize, responseStatus })
      expect(String(name)).toMatch(/\/(?:undici|ours)$/)
      expect(entry?.duration).toBeGreaterThan(0)
    }
    expect(entries[1]).toEqual(entries[0])
  })

  it('uses the global dispatcher, or an Agent of its own if none was set', async () => {
    const url = await useServer((request, response) =>
      response.end(String(request.headers['x-through'])),
    )
    expect(await (await fetch(url)).text()).toBe('undefined')
    const before = undici.getGlobalDispatcher()
    onTestFinished(() => setGlobalDispatcher(before))
    setGlobalDispatcher(
      useAgent().compose(
        (dispatch) => (options, handler) =>
          dispatch({ ...options, headers: { 'x-through': 'yes' } }, handler),
      ),
    )
    expect(await (await fetch(url)).text()).toBe('yes')
  })

  it('accepts the Requests of Node and of undici', async () => {
    const url = await useServer((request, response) => {
      request.pipe(response.setHeader('x-length', String(request.headers['content-length'])))
    })
    const dispatcher = useAgent()
    const { count } = fallBacks
    for (const Class of [Request, undici.Request] as (typeof Request)[]) {
      const request = new Class(url, { method: 'POST', body: 'text', headers: { 'x-a': 'b' } })
      const response = await fetch(request as never, { dispatcher })
      expect(await response.text()).toBe('text')
      expect(response.headers.get('x-length')).toBe('4')
      expect(request.bodyUsed).toBe(true)
    }
    expect(fallBacks.count).toBe(count)
  })

  it("takes the Requests of another copy of undici, also where undici's fetch does the work", async () => {
    const seen: unknown[] = []
    const url = await useServer((request, response) => {
      seen.push([request.method, request.headers['x-a'], request.headers.referer])
      request.pipe(response)
    })
    const dispatcher = useAgent()
    for (const more of [{}, { referrer: 'http://a.test/' }]) {
      const init = { method: 'POST', body: 'text', headers: { 'X-A': 'b' } }
      const form = new undici7.FormData()
      form.append('a', 'b')
      const requests = [init, { ...init, body: form }].map((one) => new undici7.Request(url, one))
      const texts = requests.map(async (request) => {
        const response = await fetch(request as never, { dispatcher, ...more })
        return response.text()
      })
      expect(await texts[0]).toBe('text')
      expect(await texts[1]).toContain('name="a"')
      await expect(fetch(requests[0] as never, { dispatcher })).rejects.toBeInstanceOf(TypeError)
    }
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
      new Set(['["POST","b",null]', '["POST","b","http://a.test/"]']),
    )
  })

  it.each([
    ['a text', 'text'],
    ['a long text', 'x'.repeat(300_000)],
    ['bytes', new Uint8Array(5)],
    ['URLSearchParams', new URLSearchParams('a=b')],
    ['a file', new File(['x'.repeat(300_000)], 'a.png', { type: 'image/png' })],
    ['FormData', Object.assign(new FormData(), {})],
  ])("sends a Request of Node's with %s with a length, as Node does", async (_name, body) => {
    if (body instanceof FormData) body.append('file', new Blob(['x'.repeat(100_000)]), 'a.txt')
    const seen: unknown[] = []
    const url = await useServer((request, response) => {
      const { 'content-length': length, 'transfer-encoding': coding, ...headers } = request.headers
      const type = headers['content-type']?.split('boundary')[0]
      seen.push({ hasLength: Number(length) > 0, coding, type })
      request.resume().on('end', () => response.end('taken'))
    })
    const dispatcher = useAgent()
    for (const through of [globalThis.fetch, fetch as unknown as typeof globalThis.fetch]) {
      const request = new Request(url, { method: 'POST', body })
      const response = await through(request, { dispatcher } as object)
      expect(await response.text()).toBe('taken')
    }
    expect(seen[0]).toMatchObject({ hasLength: true })
    expect(seen[1]).toEqual(seen[0])
  })

  it('runs where the web\u2019s classes are not global, as in some test runners', async () => {
    const url = await useServer((_request, response) => response.end('text'))
    const { code, said, stderr } = await runChild(
      async (kit: ChildKit, data: { url: string }) => {
        for (const name of ['Headers', 'Response', 'Request', 'FormData', 'fetch']) {
          Reflect.deleteProperty(globalThis, name)
        }
        const library = (await kit.load('../../lib/index.ts')) as unknown as typeof undici
        const response = await library.fetch(data.url)
        kit.say([
          response instanceof library.Response,
          response.headers instanceof library.Headers,
          [...response.headers].length > 0,
          await response.clone().text(),
          (await response.blob()).size,
          await (await library.fetch('data:,local')).text(),
        ])
      },
      { url },
    )
    expect({ code, said, stderr }).toEqual({
      code: 0,
      said: [[true, true, true, 'text', 4, 'local']],
      stderr: '',
    })
  })

  it('runs in a worker', async () => {
    const url = await useServer((_request, response) => response.end('to a worker'))
    const index = new URL('../../lib/index.ts', import.meta.url).href
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       import(${JSON.stringify(index)})
         .then(({ fetch }) => fetch(${JSON.stringify(url)}))
         .then((response) => response.text())
         .then((text) => parentPort.postMessage(text))`,
      { eval: true },
    )
    onTestFinished(async () => {
      await worker.terminate()
    })
    expect(await once(worker, 'message')).toEqual(['to a worker'])
  })
})
