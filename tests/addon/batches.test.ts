/** How batches reach onBatch, and what onBatch may do meanwhile. */
import { describe, expect, it, onTestFinished } from 'vitest'
import type { NativeClientOptions } from '../../lib/native/contract.ts'
import { bigBody } from '../support/big-body.ts'
import { runChild } from '../support/child.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { TestClient } from './support/native-client.ts'

const support = new URL('./support/native-client.ts', import.meta.url).href

function useClient(options?: Partial<NativeClientOptions>): TestClient {
  const client = new TestClient(options)
  onTestFinished(() => client.destroy())
  return client
}

describe('onBatch', () => {
  it('gets the same words array each time, until a larger one is needed', async () => {
    const server = await useHttp1((request, response) => {
      const many = Array.from({ length: Number(request.url?.slice(1)) }, () => 'v')
      response.writeHead(200, { 'x-many': many }).end()
    })
    const client = useClient({ maxHeaderSize: 1024 * 1024 })
    for (const count of [1, 2, 3]) {
      await client.exchange(1, { ...server, target: `/${count}` })
    }
    expect(new Set(client.batches.map(({ words }) => words)).size).toBe(1)

    const { headers } = await client.exchange(1, { ...server, target: '/3000' })
    expect(headers.filter(([name]) => name === 'x-many')).toHaveLength(3000)
    expect(client.batches.at(-1)?.words).not.toBe(client.batches[0]?.words)
  })

  it('gets small bodies in the slab and large ones in blocks, and may keep both', async () => {
    const body = bigBody()
    const server = await useHttp1(body.handler)
    const client = useClient()
    const small = await client.exchange(1, { ...server, target: '/1000' })
    const large = await client.exchange(2, { ...server, target: `/${20 * 1024 * 1024}` })
    // Blocks are used again only when their buffers are collected.
    await client.exchange(3, { ...server, target: `/${20 * 1024 * 1024}` })
    expect(small.body.equals(Buffer.alloc(1000, 0))).toBe(true)
    expect(client.batches.some(({ slab }) => slab !== undefined)).toBe(true)
    expect(client.batches.some(({ blocks }) => blocks !== undefined)).toBe(true)
    const pieces = Array.from({ length: 320 }, (_value, i) => Buffer.alloc(64 * 1024, i % 251))
    expect(large.body.equals(Buffer.concat(pieces))).toBe(true)
  })

  it('may transfer what it gets: the next call brings a new words array', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const client = useClient()
    client.afterBatch = ({ words }) => {
      structuredClone(words, { transfer: [words.buffer as ArrayBuffer] })
    }
    for (const id of [1, 2, 3]) {
      const { body } = await client.exchange(id, { ...server, target: `/${id}` })
      expect(body.toString()).toBe(`/${id}`)
    }
  })

  it('may open, use, destroy and drop clients', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const client = useClient()
    const others: TestClient[] = []
    client.afterBatch = () => {
      const other = new TestClient()
      other.send(1, server)
      others.push(other)
      if (others.length > 1) others[others.length - 2]?.native.destroy()
    }
    for (let id = 1; id <= 20; id += 1) await client.exchange(id, server)
    client.afterBatch = undefined
    await Promise.all(others.map((other) => other.destroy()))
    expect(others.every(({ exchanges }) => exchanges.get(1)?.end !== undefined)).toBe(true)
  })

  it('lets the event loop run, however much arrives', async () => {
    const server = await useHttp1(bigBody().handler)
    const { code, said } = await runChild(
      // In a process of its own, because a server on this thread would send nothing between the turns.
      async ({ load, say, until: waitUntil }, { supportUrl, origin }) => {
        const { TestClient: Client } = (await load(supportUrl)) as unknown as {
          TestClient: typeof TestClient
        }
        const client = new Client({ loopThreads: 1 })
        let inThisTurn = 0
        let mostInATurn = 0
        let batches = 0
        const nextTurn = (): void => {
          mostInATurn = Math.max(mostInATurn, inThisTurn)
          inThisTurn = 0
          setImmediate(nextTurn)
        }
        nextTurn()
        client.afterBatch = () => {
          inThisTurn += 1
          batches += 1
          client.batches.length = 0
          for (const { chunks } of client.exchanges.values()) chunks.length = 0
          // Long enough for the loop thread to fill the next batch while this one is read.
          const end = performance.now() + 1
          while (performance.now() < end) {
            // busy
          }
        }
        for (let id = 1; id <= 4; id += 1) client.send(id, { origin, target: '/1000000000' })
        await waitUntil('300 batches', () => batches >= 300)
        say(mostInATurn)
        process.exit()
      },
      { supportUrl: support, origin: server.origin },
    )
    expect(code).toBe(0)
    // Two bells, each answered with at most two batches of one loop.
    expect(said[0]).toBeLessThanOrEqual(4)
  })

  it('that throws causes an uncaught exception, and the next batch still comes', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const { code, said, stderr } = await runChild(
      async ({ load, say, until: waitUntil }, { supportUrl, origin }) => {
        const { TestClient: Client } = (await load(supportUrl)) as unknown as {
          TestClient: typeof TestClient
        }
        const seen: unknown[] = []
        process.on('uncaughtException', (error) => seen.push(error.message))
        const client = new Client()
        const first = client.send(1, { origin })
        client.afterBatch = () => {
          client.afterBatch = undefined
          throw new Error('thrown by onBatch')
        }
        await waitUntil('the end', () => first.end !== undefined)
        client.native.onBatch = 5 as never
        client.send(2, { origin })
        await waitUntil('the second error', () => seen.length === 2)
        say(seen)
        process.exit()
      },
      { supportUrl: support, origin: server.origin },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([['thrown by onBatch', 'onBatch could not be called']])
  })

  it('that throws ends the process when nobody catches it', async () => {
    const server = await useHttp1((_request, response) => void response.end())
    const { code, stderr } = await runChild(
      async ({ load }, { supportUrl, origin }) => {
        const { TestClient: Client } = (await load(supportUrl)) as unknown as {
          TestClient: typeof TestClient
        }
        const client = new Client()
        client.send(1, { origin })
        client.afterBatch = () => {
          throw new Error('thrown by onBatch')
        }
      },
      { supportUrl: support, origin: server.origin },
    )
    expect(code).toBe(1)
    expect(stderr).toContain('thrown by onBatch')
  })
})

describe('a client without references', () => {
  it('is collected when it is idle, and its threads end', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'))
    const { code, said, stderr } = await runChild(
      async ({ load, say, loopThreads, until: waitUntil }, { supportUrl, origin }) => {
        const { TestClient: Client } = (await load(supportUrl)) as unknown as {
          TestClient: typeof TestClient
        }
        const use = async (): Promise<WeakRef<object>[]> => {
          const unused = new Client()
          const used = new Client()
          await used.exchange(1, { origin })
          say(loopThreads() > 0)
          return [new WeakRef(unused.native), new WeakRef(used.native)]
        }
        const refs = await use()
        await waitUntil('both to be collected', () => {
          globalThis.gc?.()
          return refs.every((ref) => ref.deref() === undefined)
        })
        await waitUntil('the threads to end', () => loopThreads() === 0)
        say('gone')
      },
      { supportUrl: support, origin: server.origin },
      { nodeArgs: ['--expose-gc'] },
    )
    expect({ code, said, stderr }).toEqual({ code: 0, said: [true, 'gone'], stderr: '' })
  })

  it('stays while a request is in flight, and while destroy() is pending', async () => {
    const server = await useHttp1((_request, response) => {
      setTimeout(() => response.end('x'), 50)
    })
    const { code, said } = await runChild(
      async ({ load, say }, { supportUrl, origin }) => {
        const { TestClient: Client } = (await load(supportUrl)) as unknown as {
          TestClient: typeof TestClient
        }
        const start = (): void => {
          const client = new Client()
          const exchange = client.send(1, { origin })
          client.afterBatch = () => {
            if (exchange.end) client.native.destroy()
            if (client.closed) say(exchange.body.toString())
          }
        }
        start()
        const timer = setInterval(() => globalThis.gc?.(), 2)
        timer.unref()
      },
      { supportUrl: support, origin: server.origin },
      { nodeArgs: ['--expose-gc'] },
    )
    expect({ code, said }).toEqual({ code: 0, said: ['x'] })
  })
})
