/** Item 1: undici's request, stream and pipeline over HTTP/1.1, HTTPS and HTTP/2, with reuse of connections. */
import { createHash } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline as pump } from 'node:stream/promises'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'
import { within } from '../support/wait.ts'

const kBig = 3_000_000

/** /echo gives the request back, /json an object, /big 3 MB, anything else its own path. */
function useSite(protocol: Protocol): Promise<ProtocolServer> {
  return useProtocol(protocol, async (request, response) => {
    if (request.url === '/echo') {
      const body = await bodyOf(request)
      response.setHeader('x-method', request.method ?? '')
      response.setHeader('x-type', String(request.headers['content-type']))
      response.end(body)
    } else if (request.url === '/json') {
      response.setHeader('content-type', 'application/json')
      response.end('{"a":[1,2,3]}')
    } else if (request.url === '/big') {
      response.end(Buffer.alloc(kBig, 'dodici'))
    } else {
      response.end(request.url)
    }
  })
}

const bigHash = createHash('sha256').update(Buffer.alloc(kBig, 'dodici')).digest('hex')

describe.each(protocols)('request() over %s', (protocol) => {
  it('gives status, headers and body', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const response = await undici.request(`${origin}/json`, { dispatcher })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('application/json')
    expect(await response.body.json()).toEqual({ a: [1, 2, 3] })
    expect(response.trailers).toEqual({})
  })

  it('is a method of the agent, with promise and with callback', async () => {
    const { origin } = await useSite(protocol)
    const agent = await useAgent()
    const options = { origin, path: '/x', method: 'GET' } as const
    const { body } = await agent.request(options)
    expect(await body.text()).toBe('/x')
    const { promise, resolve, reject } = Promise.withResolvers<undici.Dispatcher.ResponseData>()
    agent.request(options, (error, data) => (error ? reject(error) : resolve(data)))
    expect(await (await promise).body.text()).toBe('/x')
  })

  it('sends a body', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const { body, headers } = await undici.request(`${origin}/echo`, {
      dispatcher,
      method: 'PUT',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'grüße',
    })
    expect(headers['x-method']).toBe('PUT')
    expect(headers['x-type']).toBe('text/plain; charset=utf-8')
    expect(await body.text()).toBe('grüße')
  })

  it('reads a big body, whole and in pieces', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const whole = await undici.request(`${origin}/big`, { dispatcher })
    const bytes = Buffer.from(await whole.body.arrayBuffer())
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(bigHash)
    const hash = createHash('sha256')
    const pieces = await undici.request(`${origin}/big`, { dispatcher })
    for await (const chunk of pieces.body) hash.update(chunk as Buffer)
    expect(hash.digest('hex')).toBe(bigHash)
  })

  it('dump() frees the connection for the next', async () => {
    const { origin } = await useSite(protocol)
    const agent = await useAgent({ connections: 1 })
    const first = await agent.request({ origin, path: '/big', method: 'GET' })
    await first.body.dump({ limit: kBig + 1 })
    const second = await within(
      'the second response',
      agent.request({ origin, path: '/second', method: 'GET' }),
    )
    expect(await second.body.text()).toBe('/second')
  })

  it('takes query, opaque and raw headers', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const { body, opaque, headers } = await undici.request(`${origin}/q`, {
      dispatcher,
      query: { b: [1, 2], c: 'é ' },
      opaque: { mine: true },
      responseHeaders: 'raw',
    })
    expect(await body.text()).toBe('/q?b=1&b=2&c=%C3%A9%20')
    expect(opaque).toEqual({ mine: true })
    expect(headers).toBeInstanceOf(protocol === 'HTTP/2' ? Object : Array)
  })
})

describe.each(protocols)('stream() over %s', (protocol) => {
  it('writes the body into a Writable', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const hash = createHash('sha256')
    const seen: number[] = []
    const options = { dispatcher, method: 'GET', opaque: hash } as const
    await undici.stream(`${origin}/big`, options, ({ statusCode, opaque }) => {
      seen.push(statusCode)
      return new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          opaque.update(chunk)
          done()
        },
      })
    })
    expect(seen).toEqual([200])
    expect(hash.digest('hex')).toBe(bigHash)
  })

  it('waits for a slow Writable', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    let received = 0
    await undici.stream(
      `${origin}/big`,
      { dispatcher, method: 'GET' },
      () =>
        new Writable({
          highWaterMark: 1,
          write: (chunk: Buffer, _encoding, done) => {
            received += chunk.length
            setTimeout(done, 1)
          },
        }),
    )
    expect(received).toBe(kBig)
  })

  it('passes on what the factory throws', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const thrown = new Error('no writable today')
    const stream = undici.stream(`${origin}/x`, { dispatcher, method: 'GET' }, () => {
      throw thrown
    })
    await expect(stream).rejects.toBe(thrown)
    const { body } = await undici.request(`${origin}/still`, { dispatcher })
    expect(await body.text()).toBe('/still')
  })
})

describe.each(protocols)('pipeline() over %s', (protocol) => {
  it('is a Duplex through the server', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const received: Buffer[] = []
    await pump(
      Readable.from([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')]),
      undici.pipeline(`${origin}/echo`, { dispatcher, method: 'POST' }, ({ body, statusCode }) => {
        expect(statusCode).toBe(200)
        return body.pipe(new PassThrough())
      }),
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          received.push(chunk)
          done()
        },
      }),
    )
    expect(Buffer.concat(received).toString()).toBe('one two three')
  })

  it('carries 3 MB both ways', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = await useAgent()
    const hash = createHash('sha256')
    const source = Readable.from(
      (function* pieces(): Generator<Buffer> {
        const all = Buffer.alloc(kBig, 'dodici')
        for (let at = 0; at < kBig; at += 100_000) yield all.subarray(at, at + 100_000)
      })(),
    )
    const through = undici.pipeline(
      `${origin}/echo`,
      { dispatcher, method: 'POST' },
      ({ body }) => body,
    )
    await pump(source, through, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) hash.update(chunk)
    })
    expect(hash.digest('hex')).toBe(bigHash)
  })
})

describe.each(protocols)('connections over %s', (protocol) => {
  it('one after another: one connection', async () => {
    const server = await useSite(protocol)
    const dispatcher = await useAgent({ connections: 1 })
    for (let i = 0; i < 10; i += 1) {
      const { body } = await undici.request(`${server.origin}/${i}`, { dispatcher })
      expect(await body.text()).toBe(`/${i}`)
    }
    expect(server.accepted).toBe(1)
  })

  it('one hundred at a time: all answered, each with its own', async () => {
    const server = await useSite(protocol)
    const dispatcher = await useAgent({ connections: 10 })
    const texts = await Promise.all(
      Array.from({ length: 100 }, async (_value, i) => {
        const { body } = await undici.request(`${server.origin}/${i}`, { dispatcher })
        return body.text()
      }),
    )
    expect(texts).toEqual(Array.from({ length: 100 }, (_value, i) => `/${i}`))
    if (protocol !== 'HTTP/2') expect(server.accepted).toBeLessThanOrEqual(10)
  })
})
