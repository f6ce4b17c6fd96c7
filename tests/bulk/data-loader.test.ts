import { afterAll, describe, expect, it } from 'vitest'
import * as bulk from '../../lib/bulk.ts'
import { DataLoader, type LoadedItem, type LoadOptions, type LoadSource } from '../../lib/bulk.ts'
import { until } from '../support/wait.ts'
import { all, site, ways } from './site.ts'

const text = ({ body }: LoadedItem): string => body.toString()

describe.each(ways)('%s', (_way, makeDispatcher) => {
  const { dispatcher, agent } = makeDispatcher()
  afterAll(() => agent.destroy())

  const load = <Item = LoadedItem>(
    source: LoadSource,
    options: LoadOptions<Item> = {},
  ): AsyncIterable<Item> => bulk.load(source, { dispatcher, ...options })

  const newLoader = (source: LoadSource, options: LoadOptions = {}): DataLoader =>
    new DataLoader(source, { dispatcher, ...options })

  describe('load()', () => {
    it('gives each object in the order of the source', async () => {
      await using server = await site()
      const items = await all(load(server.urls(20)))
      expect(items.map(text)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
      expect(items[3]).toMatchObject({ url: server.url(3), index: 3, status: 200 })
      expect(items[3]?.headers).toHaveProperty('date')
    })

    it('gives them as they come if they need not be ordered', async () => {
      let answerFirst = (): void => {}
      await using server = await site((path, _response, answer) => {
        if (path !== '/0') return false
        answerFirst = answer
        return true
      })
      const seen: number[] = []
      for await (const { index } of load(server.urls(5), { ordered: false })) {
        seen.push(index)
        if (seen.length === 4) answerFirst()
      }
      expect(seen.at(-1)).toBe(0)
      expect(new Set(seen).size).toBe(5)
    })
  })

  describe('DataLoader', () => {
    it.each([
      [false, [3, 3, 1]],
      [true, [3, 3]],
    ])('makes batches; dropLast: %s', async (dropLast, sizes) => {
      await using server = await site()
      const batches = await all(newLoader(server.urls(7), { batchSize: 3, dropLast }))
      expect(batches.map(({ length }) => length)).toEqual(sizes)
    })

    it('takes datasets, iterables and requests with headers, and transforms', async () => {
      await using server = await site()
      const get = async (index: number): Promise<{ url: string; headers: object }> => ({
        url: server.url(index),
        headers: { 'x-a': 'b' },
      })
      const options = { transform: async (item: LoadedItem) => text(item) }
      async function* urls(): AsyncGenerator<string> {
        yield* server.urls(3)
      }
      const expected = ['0', '1', '2']
      expect(await all(load({ length: 3, get } as never, options))).toEqual(expected)
      expect(await all(load(urls(), options))).toEqual(expected)
      expect(await all(load(new Set(server.urls(3)), options))).toEqual(expected)
    })

    it('shuffles in an order that only the seed and the epoch decide', async () => {
      await using server = await site()
      const order = async (seed: number): Promise<number[]> => {
        const items = await all(load(server.urls(10), { shuffle: true, seed, epochs: 2 }))
        return items.map(({ index }) => index)
      }
      const first = await order(1)
      expect(first).toEqual(await order(1))
      expect(first).not.toEqual(await order(2))
      expect(first.slice(0, 10)).not.toEqual(first.slice(10))
      expect(new Set(first.slice(0, 10)).size).toBe(10)
      // It must never change.
      expect(first.slice(0, 10)).toEqual([7, 8, 3, 2, 1, 5, 9, 4, 0, 6])
    })

    it('starts nothing before it is read, and keeps within its bounds', async () => {
      await using server = await site()
      const loader = newLoader(server.urls(100), { batchSize: 4, prefetch: 2, concurrency: 3 })
      const loop = loader[Symbol.asyncIterator]()
      expect(server.connections()).toBe(0)
      await loop.next()
      await until('the batches ahead are loaded', () => server.asked.length >= 4 + 8)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(server.asked.length).toBeLessThanOrEqual(4 + 2 * 4 + 3)
      expect(server.most()).toBeLessThanOrEqual(3)
      await loop.return()
    })

    it('cancels what is in flight when its loop is left, and waits for that', async () => {
      await using server = await site((path) => path !== '/0')
      for await (const batch of newLoader(server.urls(50))) {
        expect(batch.map(text)).toEqual(['0'])
        await until('others are asked for', () => server.running() >= 8)
        break
      }
      await until('the server sees it', () => server.running() === 0)
      expect(server.asked.length).toBeLessThanOrEqual(1 + 8)
    })

    it('ends with its signal and when it is disposed of', async () => {
      await using server = await site(() => true)
      const controller = new AbortController()
      const running = all(load(server.urls(5), { signal: controller.signal }))
      await until('it is asked for', () => server.running() === 5)
      const reason = new Error('enough')
      controller.abort(reason)
      await expect(running).rejects.toBe(reason)
      const loader = newLoader(server.urls(5))
      const other = all(loader)
      const settled = other.catch((error: unknown) => error)
      await until('it is asked for again', () => server.asked.length === 10)
      await loader[Symbol.asyncDispose]()
      expect(await settled).toMatchObject({ name: 'AbortError' })
      await until('the server sees it', () => server.running() === 0)
    })

    it('tries again what may pass, and fails what does not', async () => {
      let refusals = 2
      await using server = await site((path, response) => {
        if (path === '/1' && refusals-- > 0) response.writeHead(503).end('SlowDown')
        else if (path === '/2') response.writeHead(404).end()
        else if (path === '/3') response.socket?.destroy()
        else return false
        return true
      })
      const failed: [string, number][] = []
      const items = await all(
        load(server.urls(5), {
          retryDelay: 1,
          onError: (error, { index }) => failed.push([(error as Error).name, index]),
        }),
      )
      expect(items.map(text)).toEqual(['0', '1', '4'])
      expect(failed).toEqual([
        ['ResponseError', 2],
        ['SocketError', 3],
      ])
      expect(server.asked.filter((path) => path === '/2')).toHaveLength(1)
      expect(await all(load(server.urls(3), { onError: 'skip' }))).toHaveLength(2)
      await expect(all(load(server.urls(3)))).rejects.toMatchObject({ statusCode: 404 })
    })

    it('fails an item whose body is too large, or whose transform throws', async () => {
      await using server = await site((_path, response) => {
        response.end(Buffer.alloc(1000))
        return true
      })
      const loading = (options: LoadOptions): Promise<unknown> => all(load(server.urls(1), options))
      await expect(loading({ maxBytes: 999 })).rejects.toMatchObject({
        name: 'ResponseExceededMaxSizeError',
      })
      await expect(loading({ maxBytes: 1000 })).resolves.toHaveLength(1)
      const error = new Error('mine')
      const transform = (): never => {
        throw error
      }
      await expect(loading({ transform })).rejects.toBe(error)
    })

    it('passes on what its source throws, after the items before', async () => {
      await using server = await site()
      const error = new Error('of the source')
      function* urls(): Generator<string> {
        yield server.url(0)
        throw error
      }
      const seen: string[] = []
      const loop = (async () => {
        for await (const item of load(urls())) seen.push(text(item))
      })()
      await expect(loop).rejects.toBe(error)
      expect(seen).toEqual(['0'])
    })
  })
})

describe('a DataLoader', () => {
  it.each([
    [{ batchSize: 0 }, 'batchSize'],
    [{ prefetch: 0 }, 'prefetch'],
    [{ concurrency: 1.5 }, 'concurrency'],
    [{ ordered: 1 }, 'ordered'],
    [{ shuffle: 'yes' }, 'shuffle'],
    [{ seed: -1 }, 'seed'],
    [{ dropLast: null, epochs: 0 }, 'epochs'],
    [{ transform: 1 }, 'transform'],
    [{ onError: 'ignore' }, 'onError'],
    [{ retries: -1 }, 'retries'],
    [{ retryDelay: NaN }, 'retryDelay'],
    [{ maxBytes: -1 }, 'maxBytes'],
    [{ signal: {} }, 'signal'],
    [{ dispatcher: {} }, 'dispatcher'],
    [{ headers: 1 }, 'headers'],
  ])('names the invalid option of %o', (options, name) => {
    const make = (): unknown => new DataLoader([], options as never)
    expect(make).toThrow(expect.objectContaining({ name: 'InvalidArgumentError' }))
    expect(make).toThrow(name)
  })

  it('names an invalid source, and what a source cannot do', () => {
    expect(() => new DataLoader(1 as never)).toThrow('source')
    expect(() => new DataLoader(new Set<string>(), { shuffle: true })).toThrow('shuffle')
    expect(() => new DataLoader(new Set<string>(), { epochs: 2 })).toThrow('epochs')
  })
})
