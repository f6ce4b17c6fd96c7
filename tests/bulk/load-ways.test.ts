// What loaders do over the network, natively and by request().
import { AsyncLocalStorage } from 'node:async_hooks'
import dns from 'node:dns'
import http2 from 'node:http2'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { DataLoader, load, type LoadedItem } from '../../lib/bulk.ts'
import { Agent, Pool } from '../../lib/index.ts'
import { certificates } from '../support/certificates.ts'
import { until } from '../support/wait.ts'
import { all, site, ways } from './site.ts'

const tls = { connect: { ca: certificates().ca } }

/** Bodies around the sizes at which they change their way to JavaScript. */
const sizes = [0, 1, 8191, 16_384, 16_385, 70_000, 128 * 1024, 300_000, 2_000_000]

function bodyOf(path: string): Buffer {
  const size = Number(path.slice(1))
  return Buffer.alloc(size, `${size}.`)
}

/** Serves `/size` over HTTP/1.1 and HTTP/2, with and without its length. */
async function tlsSite(
  onRequest = (): void => {},
): Promise<AsyncDisposable & { origin: string; running(): number }> {
  let running = 0
  const { cert, key } = certificates().good
  const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    running++
    onRequest()
    response.on('close', () => running--)
    const body = bodyOf(request.url)
    response.setHeader('x-list', ['a', 'b'])
    if (body.length % 2 === 0) response.setHeader('content-length', body.length)
    response.write(body.subarray(0, 10_000))
    setImmediate(() => response.end(body.subarray(10_000)))
  })
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    running: () => running,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe.each(ways)('loading %s', (_way, makeDispatcher) => {
  it.each([true, false])('gives whole bodies and headers; allowH2: %s', async (allowH2) => {
    await using server = await tlsSite()
    await using made = makeDispatcher({ allowH2, ...tls })
    const urls = sizes.map((size) => `${server.origin}/${size}`)
    const items = await all(load([...urls, ...urls], { dispatcher: made.dispatcher }))
    for (const [at, { url, body, headers, status }] of items.entries()) {
      expect(body.equals(bodyOf(new URL(url).pathname))).toBe(true)
      expect(url).toBe(urls[at % urls.length])
      expect(status).toBe(200)
      expect(headers['x-list']).toEqual(allowH2 ? 'a, b' : ['a', 'b'])
    }
  })

  it('runs no more requests than `concurrency` over http and https together', async () => {
    let most = 0
    const onRequest = (): void => {
      most = Math.max(most, plain.running() + secure.running())
    }
    await using plain = await site((_path, _response, answer) => {
      onRequest()
      setImmediate(answer)
      return true
    })
    await using secure = await tlsSite(onRequest)
    await using made = makeDispatcher({ allowH2: false, ...tls })
    const urls = plain.urls(20).flatMap((url, at) => [url, `${secure.origin}/${at}`])
    const options = { dispatcher: made.dispatcher, concurrency: 3, batchSize: 10 }
    const batches = await all(new DataLoader(urls, options))
    expect(batches.flat().map(({ url }) => url)).toEqual(urls)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(3)
  })

  it('sends the headers of the loader and of each request', async () => {
    const seen: string[][] = []
    await using server = await site((_path, response) => {
      seen.push(
        response.req.rawHeaders.filter((_, at, list) => list[at - (at % 2)]?.startsWith('x-')),
      )
      response.end()
      return true
    })
    await using made = makeDispatcher()
    const source = [{ url: server.url(0), headers: { 'x-own': ['1', '2'] } }, server.url(1)]
    const options = { dispatcher: made.dispatcher, headers: { 'x-all': 'é' }, concurrency: 1 }
    await all(load(source, options))
    const common = ['x-all', Buffer.from('é', 'latin1').toString('latin1')]
    expect(seen).toEqual([[...common, 'x-own', '1', 'x-own', '2'], common])
    const bad = all(load([{ url: server.url(0), headers: { 'a b': 'c' } }], options))
    await expect(bad).rejects.toMatchObject({ name: 'InvalidArgumentError' })
  })

  it('waits as long as `Retry-After` says', async () => {
    const times: number[] = []
    await using server = await site((_path, response) => {
      times.push(performance.now())
      if (times.length > 1) return false
      response.writeHead(429, { 'retry-after': '1' }).end()
      return true
    })
    await using made = makeDispatcher()
    await all(load(server.urls(1), { dispatcher: made.dispatcher, retryDelay: 1 }))
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('breaks off bodies that are too large, and long ones of refusals', async () => {
    await using server = await site((path, response) => {
      response.on('error', () => {})
      response.writeHead(path === '/0' ? 200 : 404)
      const write = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), () => setImmediate(write))
      }
      write()
      return true
    })
    await using made = makeDispatcher()
    const failed: string[] = []
    const onError = (error: unknown): void => void failed.push((error as Error).name)
    const options = { dispatcher: made.dispatcher, maxBytes: 100_000, onError }
    expect(await all(load(server.urls(2), options))).toEqual([])
    expect(failed).toEqual(['ResponseExceededMaxSizeError', 'ResponseError'])
    await until('the server sees it', () => server.running() === 0)
  })

  it('fails with the errors of request()', async () => {
    await using made = makeDispatcher()
    const options = { dispatcher: made.dispatcher, retries: 0 }
    const gone = await site()
    const url = gone.url(0)
    await gone[Symbol.asyncDispose]()
    await expect(all(load([url], options))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await using server = await site((_path, response) => {
      response
        .writeHead(200, { 'content-length': '5' })
        .write('ab', () => response.socket?.destroy())
      return true
    })
    await expect(all(load(server.urls(1), options))).rejects.toMatchObject({
      name: 'SocketError',
      message: 'other side closed',
    })
    await made.agent.close()
    await expect(all(load(server.urls(1), options))).rejects.toMatchObject({
      code: expect.stringMatching(/UND_ERR_(CLOSED|DESTROYED)/) as string,
    })
  })

  it('looks hosts up with the function of the dispatcher', async () => {
    await using server = await site()
    const asked: string[] = []
    const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
      asked.push(hostname)
      if (hostname === 'none.test') {
        callback(Object.assign(new Error('mine'), { code: 'ENOTFOUND' }), '', 4)
      } else {
        dns.lookup('127.0.0.1', lookupOptions, callback as never)
      }
    }
    await using made = makeDispatcher({ connect: { lookup } })
    const options = { dispatcher: made.dispatcher, retries: 0, concurrency: 1 }
    const { port } = new URL(server.url(0))
    const items = await all(
      load(
        [0, 1].map((at) => `http://some.test:${port}/${at}`),
        options,
      ),
    )
    expect(items.map(({ body }) => body.toString())).toEqual(['0', '1'])
    expect(asked).toEqual(['some.test'])
    const failing = all(load([`http://none.test:${port}/`], options))
    await expect(failing).rejects.toMatchObject({ message: 'mine', code: 'ENOTFOUND' })
  })

  it('transforms in the context of its reader', async () => {
    await using server = await site()
    await using made = makeDispatcher()
    const storage = new AsyncLocalStorage<string>()
    const transform = (): string | undefined => storage.getStore()
    const options = { dispatcher: made.dispatcher, transform, concurrency: 2 }
    const read = (): Promise<unknown> => all(load(server.urls(20), options))
    const seen = await Promise.all(['a', 'b'].map((name) => storage.run(name, read)))
    expect(seen).toEqual([Array(20).fill('a'), Array(20).fill('b')])
  })

  it('transforms while nobody reads', async () => {
    await using server = await site()
    await using made = makeDispatcher()
    let transformed = 0
    const transform = ({ index }: LoadedItem): number => {
      transformed++
      return index
    }
    const options = { dispatcher: made.dispatcher, transform, prefetch: 4, concurrency: 2 }
    const loop = load(server.urls(50), options)
    expect(await loop.next()).toMatchObject({ value: 0 })
    await until('the items ahead are transformed', () => transformed === 1 + 4 + 2)
    await loop.return()
  })

  it('leaves nothing behind, whenever it is aborted', async () => {
    let answered = 0
    await using server = await site((_path, response, answer) => {
      response.on('error', () => {})
      if (answered++ % 3 !== 0) return false
      setImmediate(answer)
      return true
    })
    await using made = makeDispatcher({ keepAliveTimeout: 1, keepAliveMaxTimeout: 1 })
    for (let round = 0; round < 40; round++) {
      const controller = new AbortController()
      const reason = new Error(`round ${round}`)
      const source = server.urls(200)
      const options = { dispatcher: made.dispatcher, signal: controller.signal, batchSize: 4 }
      const read = (async () => {
        let batches = 0
        for await (const batch of new DataLoader(source, options)) {
          expect(batch).toHaveLength(4)
          if (++batches === round % 7) controller.abort(reason)
        }
      })()
      if (round % 7 === 0) setTimeout(() => controller.abort(reason), round % 5)
      await expect(read).rejects.toBe(reason)
    }
    await until('the server sees it', () => server.running() === 0)
    await made.agent.close()
    await until('its connections are closed', () => server.connections() === 0)
  })

  it('goes to the origin of a Pool', async () => {
    await using server = await site()
    await using other = await site()
    const pool = new Pool(new URL(server.url(0)).origin)
    const dispatcher = _way === 'natively' ? pool : pool.compose((dispatch) => dispatch)
    expect(await all(load(other.urls(2), { dispatcher }))).toHaveLength(2)
    expect(server.asked).toEqual(['/0', '/1'])
    await pool.destroy()
  })
})

describe('a loader', () => {
  const agent = new Agent()
  afterAll(() => agent.destroy())

  it('works natively over an Agent, and lets interceptors see its requests', async () => {
    await using server = await site()
    const connected: unknown[] = []
    agent.on('connect', (origin) => connected.push(origin))
    expect(await all(load(server.urls(3), { dispatcher: agent }))).toHaveLength(3)
    expect(connected).toEqual([])
    const paths: string[] = []
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      paths.push(options.path)
      return dispatch(options, handler)
    })
    expect(await all(load(server.urls(3), { dispatcher }))).toHaveLength(3)
    expect(paths).toEqual(['/0', '/1', '/2'])
    expect(connected.length).toBeGreaterThan(0)
  })

  it('uses its connections again in the next epoch', async () => {
    const opened = new Set<number | undefined>()
    await using counting = await site((_path, response) => {
      opened.add(response.socket?.remotePort)
      return false
    })
    const options = { dispatcher: agent, epochs: 5, concurrency: 2 }
    expect(await all(load(counting.urls(4), options))).toHaveLength(20)
    expect(opened.size).toBeLessThanOrEqual(2)
  })
})
