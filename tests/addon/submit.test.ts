/** One request's way through native and back, without the rest of lib/. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { Errc, EventType, RequestFlag } from '../../lib/native/contract.ts'
import type { NativeClientOptions } from '../../lib/native/contract.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { quiet, until } from '../support/wait.ts'
import { TestClient } from './support/native-client.ts'

function useClient(options?: Partial<NativeClientOptions>): TestClient {
  const client = new TestClient(options)
  onTestFinished(() => client.destroy())
  return client
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('NativeClient.submit()', () => {
  it('brings status, headers in order, body and trailers', async () => {
    const server = await useHttp1((_request, response) => {
      response.writeHead(201, 'Made', [
        ['X-One', 'first'],
        ['x-two', 'zwei \xe4'],
        ['X-One', ''],
        ['trailer', 'x-sum'],
      ])
      response.addTrailers({ 'x-sum': '42' })
      response.end('hello')
    })
    const exchange = await useClient().exchange(1, server)
    expect(exchange).toMatchObject({ end: 'end', status: 201, statusText: 'Made' })
    expect(exchange.headers.slice(0, 3)).toEqual([
      ['X-One', 'first'],
      ['x-two', 'zwei \xe4'],
      ['X-One', ''],
    ])
    expect(exchange.body.toString()).toBe('hello')
    expect(exchange.trailers).toEqual([['x-sum', '42']])
  })

  it('sends method, target and header lines exactly as text has them', async () => {
    let seen: unknown
    const server = await useHttp1((request, response) => {
      seen = [request.method, request.url, request.rawHeaders.slice(2)]
      response.end()
    })
    const headers = ['X-A: b', 'x-latin: \xfcber', 'x-empty;', 'x-a: c']
    await useClient().exchange(1, {
      ...server,
      method: 'PURGE',
      target: '/a/../b?c=%20#d',
      headers,
    })
    expect(seen).toEqual([
      'PURGE',
      '/a/../b?c=%20#d',
      ['X-A', 'b', 'x-latin', '\xfcber', 'x-empty', '', 'x-a', 'c'],
    ])
  })

  it('takes a text longer than 64 K characters', async () => {
    const long = 'x'.repeat(100_000)
    const server = await useHttp1(
      (request, response) => void response.end(String(request.headers['x-long']?.length)),
      { maxHeaderSize: 200_000 },
    )
    const exchange = await useClient().exchange(1, { ...server, headers: [`x-long: ${long}`] })
    expect(exchange.body.toString()).toBe('100000')
  })

  it('copies the body when it is called', async () => {
    const server = await useHttp1(async (request, response) => {
      response.end(await readAll(request))
    })
    const client = useClient()
    const body = new Uint8Array(300_000).fill(7)
    const exchange = client.send(1, { ...server, method: 'POST', body })
    body.fill(8)
    await until('the end', () => exchange.end !== undefined)
    expect(exchange.body.equals(Buffer.alloc(300_000, 7))).toBe(true)
  })

  it('takes any Uint8Array as a body: empty, a view, small, over shared memory', async () => {
    const server = await useHttp1(async (request, response) => {
      response.end(await readAll(request))
    })
    const client = useClient()
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set([1, 2, 3])
    const bodies = [
      new Uint8Array(0),
      new Uint8Array([1, 2, 3]),
      new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4),
      Buffer.from([1, 2, 3]),
      shared,
    ]
    for (const [id, body] of bodies.entries()) {
      const exchange = await client.exchange(id, { ...server, method: 'PUT', body })
      expect([...exchange.body]).toEqual([...body])
    }
  })

  it('asks for the pieces of a streamed body, and reports when they were sent', async () => {
    const server = await useHttp1(async (request, response) => {
      response.end(await readAll(request))
    })
    const client = useClient()
    const exchange = client.send(1, {
      ...server,
      method: 'POST',
      headers: ['transfer-encoding: chunked'],
      flags: RequestFlag.streamBody,
    })
    await until('the first bodyWanted', () => exchange.wanted.length > 0)
    expect(exchange.wanted).toEqual([0])
    client.native.writeBody(1, Buffer.alloc(100_000, 'x'))
    client.native.writeBody(1, Buffer.from('the last'))
    client.native.flush()
    const left = (): number => exchange.wanted.reduce((sum, bytes) => sum + bytes)
    await until('most of it to leave', () => left() >= 64 * 1024)
    client.native.endBody(1)
    client.native.flush()
    await until('the end', () => exchange.end !== undefined)
    expect(exchange.body.toString()).toBe(`${'x'.repeat(100_000)}the last`)
    client.native.writeBody(1, Buffer.from('too late'))
    client.native.endBody(1)
  })

  it('reports that the request is sent only when asked', async () => {
    const server = await useHttp1((_request, response) => void response.end())
    const client = useClient()
    await client.exchange(1, server)
    expect(client.batches.flatMap(({ types }) => types)).not.toContain(EventType.requestSent)
    await client.exchange(1, { ...server, flags: RequestFlag.reportSent })
    expect(client.batches.flatMap(({ types }) => types)).toContain(EventType.requestSent)
  })

  it('fails with the error number when nobody listens', async () => {
    const server = await useHttp1(() => {})
    await server.close()
    const exchange = await useClient().exchange(1, server)
    expect(exchange).toMatchObject({ end: 'failed', errc: Errc.connectFailed, detail: 111 })
  })

  it('serves a thousand requests at once, each with its own answer and one terminal record', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const client = useClient()
    const exchanges = Array.from({ length: 1000 }, (_value, i) =>
      client.send(i + 1, { ...server, target: `/${i}` }),
    )
    await until('all to end', () => exchanges.every(({ end }) => end))
    expect(exchanges.map(({ body }) => body.toString())).toEqual(exchanges.map((_e, i) => `/${i}`))
  })

  it('may use an id again as soon as its terminal record is read', async () => {
    const server = await useHttp1((request, response) => void response.end(request.url))
    const client = useClient()
    const bodies: string[] = []
    let current = client.send(1, { ...server, target: '/0' })
    client.afterBatch = () => {
      if (current.end === undefined || bodies.length === 100) return
      bodies.push(current.body.toString())
      current = client.send(1, { ...server, target: `/${bodies.length}` })
    }
    await until('100 requests', () => bodies.length === 100)
    expect(bodies).toEqual(bodies.map((_body, i) => `/${i}`))
  })
})

describe('NativeClient', () => {
  it('holds the body back between pause() and resume()', async () => {
    const server = await useHttp1((_request, response) => {
      response.write('first')
      setTimeout(() => response.end('second'), 20)
    })
    const client = useClient()
    const exchange = client.send(1, server)
    client.native.pause(1, false)
    await until('the head', () => exchange.status === 200)
    await quiet()
    expect(exchange.chunks).toHaveLength(0)
    client.native.resume(1)
    await until('the end', () => exchange.end !== undefined)
    expect(exchange.body.toString()).toBe('firstsecond')
  })

  it('ends a request with `aborted` after cancel(), also before it is connected', async () => {
    const server = await useHttp1(() => {})
    const client = useClient()
    const early = client.send(1, server)
    client.native.cancel(1)
    await until('the end', () => early.end !== undefined)
    expect(early).toMatchObject({ end: 'failed', errc: Errc.aborted })

    const late = client.send(1, server)
    await until('the server to see it', () => server.sockets.size > 0)
    client.native.cancel(1)
    client.native.cancel(1)
    await until('the end', () => late.end !== undefined)
    expect(late).toMatchObject({ end: 'failed', errc: Errc.aborted })
  })

  it('destroy() ends the requests in flight, then reports once for each loop that it is closed; later requests are refused', async () => {
    const server = await useHttp1(() => {})
    const client = new TestClient()
    const exchanges = [1, 2, 3, 4].map((id) => client.send(id, server))
    client.native.destroy()
    client.native.destroy()
    expect(() => client.send(5, server)).toThrow('The client is destroyed')
    await until('all loops to close', () => client.closed)
    expect(exchanges.map(({ errc }) => errc)).toEqual(exchanges.map(() => Errc.aborted))
    expect(client.loopsClosed).toBe(client.native.loopCount)
    // The client behind it is deleted by now.
    client.native.destroy()
    client.native.cancel(1)
    expect(() => client.send(5, server)).toThrow('The client is destroyed')
  })

  it('can be destroyed from within onBatch', async () => {
    const server = await useHttp1((_request, response) => void response.end('x'))
    const client = new TestClient()
    const exchange = client.send(1, server)
    client.afterBatch = () => client.native.destroy()
    await until('all loops to close', () => client.closed)
    expect(exchange.end).toBeDefined()
  })

  it('reports its number of loops, which `loopThreads` limits', () => {
    const client = useClient()
    expect(client.native.loopCount).toBeGreaterThanOrEqual(1)
    expect(useClient({ loopThreads: 1 }).native.loopCount).toBe(1)
  })
})
