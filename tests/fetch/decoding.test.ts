/** Bodies with content codings, which native decodes: who decodes when, in how much memory, and what becomes of it. */
import { channel } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import * as undici from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Agent, fetch } from '../../lib/index.ts'
import type { Controller } from '../../lib/compat/handler.ts'
import { decodesBody, encodedSize, isDecoded } from '../../lib/request/decoded-body.ts'
import { until } from '../support/wait.ts'
import { useServer } from './server.ts'

const text = 'a text that is coded '.repeat(500)
const coded = gzipSync(text)

/** A server of one body. */
function useBody(coding: string, bytes: Buffer): Promise<string> {
  return useServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': coding, 'content-length': bytes.length })
    response.end(bytes)
  })
}

function useAgent(): Agent {
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  return agent
}

/** Zstandard for `count` times 128 KB of zeros: four bytes for each. */
function zstdBomb(count: number): Buffer {
  const header = (1 << 1) | ((128 * 1024) << 3)
  const block = (isLast: boolean): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUIntLE(header | (isLast ? 1 : 0), 0, 3)
    return bytes
  }
  const start = Buffer.from('28b52ffd0050', 'hex')
  return Buffer.concat([start, Buffer.alloc(4 * (count - 1), block(false)), block(true)])
}

/** What a dispatch with fetch()'s option tells of a body. */
async function dispatchDecoding(
  url: string,
  dispatcher: undici.Dispatcher,
): Promise<{ size: unknown; body: string; encoding: unknown }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let of: Controller
    let encoding: unknown
    const options = { origin: url, path: '/', method: 'GET' as const, [decodesBody]: true }
    dispatcher.dispatch(options, {
      onRequestStart(controller: Controller) {
        of = controller
      },
      onResponseStart(_controller, _status, headers) {
        encoding = headers['content-encoding']
      },
      onResponseData: (_controller, chunk) => chunks.push(chunk),
      onResponseEnd() {
        const size = isDecoded(of) ? encodedSize(of) : undefined
        resolve({ size, body: Buffer.concat(chunks).toString(), encoding })
      },
      onResponseError: (_controller, error) => reject(error),
    })
  })
}

describe('a body with content codings', () => {
  it('comes decoded when fetch() asks for that, with the headers that it had', async () => {
    const url = await useBody('gzip', coded)
    expect(await dispatchDecoding(url, useAgent())).toEqual({
      size: coded.length,
      body: text,
      encoding: 'gzip',
    })
  })

  it('comes as it is to anybody else', async () => {
    const url = await useBody('gzip', coded)
    const { body } = await useAgent().request({ origin: url, path: '/', method: 'GET' })
    expect(Buffer.from(await body.arrayBuffer())).toEqual(coded)
  })

  it('is decoded for fetch() behind interceptors, which see it as it is', async () => {
    const url = await useBody('gzip', coded)
    const seen: Buffer[] = []
    const composed = useAgent().compose(
      (dispatch) => (options, handler) =>
        dispatch(options, {
          ...handler,
          onRequestStart: (...args) => handler.onRequestStart?.(...args),
          onResponseStart: (...args) => handler.onResponseStart?.(...args),
          onResponseData(controller, chunk) {
            seen.push(chunk)
            handler.onResponseData?.(controller, chunk)
          },
          onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
          onResponseError: (...args) => handler.onResponseError?.(...args),
        }),
    )
    expect(await (await fetch(url, { dispatcher: composed })).text()).toBe(text)
    expect(Buffer.concat(seen)).toEqual(coded)
  })

  it('is shown as it comes to who subscribes to its chunks', async () => {
    const url = await useBody('gzip', coded)
    const seen: Buffer[] = []
    const see = (message: unknown): void => {
      seen.push((message as { chunk: Buffer }).chunk)
    }
    const chunks = channel('undici:request:bodyChunkReceived')
    chunks.subscribe(see)
    onTestFinished(() => {
      chunks.unsubscribe(see)
    })
    expect(await (await fetch(url, { dispatcher: useAgent() })).text()).toBe(text)
    expect(Buffer.concat(seen)).toEqual(coded)
  })

  it('is decoded in a redirect that is not followed', async () => {
    const url = await useServer((_request, response) => {
      response.writeHead(302, { location: '/', 'content-encoding': 'gzip' }).end(coded)
    })
    const response = await fetch(url, { dispatcher: useAgent(), redirect: 'manual' })
    expect(await response.text()).toBe(text)
  })

  it('is not looked at in a redirect that is followed', async () => {
    const url = await useServer((request, response) => {
      if (request.url === '/') {
        response.writeHead(302, { location: '/b', 'content-encoding': 'gzip' }).end('no gzip')
      } else {
        response.end('there')
      }
    })
    expect(await (await fetch(url, { dispatcher: useAgent() })).text()).toBe('there')
  })

  it('has both its sizes among the resource timings', async () => {
    const url = await useBody('gzip', coded)
    const entries: unknown[] = []
    for (const get of [undici.fetch, fetch]) {
      performance.clearResourceTimings()
      await (await get(url, get === fetch ? { dispatcher: useAgent() } : {})).text()
      await until('there is an entry', () => performance.getEntriesByType('resource').length > 0)
      const [entry] = performance.getEntriesByType('resource')
      const { encodedBodySize, decodedBodySize } = entry as unknown as Record<string, unknown>
      entries.push({ encodedBodySize, decodedBodySize })
    }
    expect(entries[1]).toEqual(entries[0])
  })

  it('fails alone: its Agent goes on', async () => {
    const url = await useServer((request, response) => {
      response.writeHead(200, { 'content-encoding': 'br' })
      response.end(request.url === '/bad' ? 'no brotli' : brotliCompressSync(text))
    })
    const dispatcher = useAgent()
    const good = fetch(url, { dispatcher })
    await expect((await fetch(`${url}/bad`, { dispatcher })).text()).rejects.toThrow('terminated')
    expect(await (await good).text()).toBe(text)
    expect(await (await fetch(url, { dispatcher })).text()).toBe(text)
  })
})

describe('behind interceptors, where fetch() decodes itself,', () => {
  it.each([
    ['deflate', Buffer.concat([deflateSync(text), Buffer.from('more')])],
    ['deflate', Buffer.concat([deflateRawSync(text), Buffer.from('more')])],
  ])('ends the stream at the end of what is coded by %s', async (coding, bytes) => {
    const url = await useBody(coding, bytes)
    const dispatcher = useAgent().compose((dispatch) => dispatch)
    let all = ''
    for await (const chunk of (await fetch(url, { dispatcher })).body ?? []) {
      all += Buffer.from(chunk as Uint8Array).toString()
    }
    expect(all).toBe(text)
  })

  it('misses zstd in an empty body, as undici does', async () => {
    const url = await useBody('zstd', Buffer.alloc(0))
    const dispatcher = useAgent().compose((dispatch) => dispatch)
    for (const read of [fetch(url, { dispatcher }), undici.fetch(url)]) {
      const error = await (await read).text().catch((thrown: unknown) => thrown as Error)
      expect(error).toMatchObject({ message: 'terminated', cause: { code: 'Z_BUF_ERROR' } })
    }
  })
})

describe('10 GB of zeros in 320 KB', () => {
  const bomb = zstdBomb(80_000)

  function useBomb(): Promise<{ url: string; closed: () => boolean }> {
    let isClosed = false
    return useServer((_request, response) => {
      response.on('close', () => (isClosed = true))
      // Held back, so that the connection lasts as long as the response.
      response.writeHead(200, { 'content-encoding': 'zstd', 'content-length': bomb.length + 1 })
      response.write(bomb)
    }).then((url) => ({ url, closed: () => isClosed }))
  }

  it('take little memory while nobody reads them', async () => {
    const { url } = await useBomb()
    const dispatcher = useAgent()
    const before = process.memoryUsage().rss
    const response = await fetch(url, { dispatcher })
    // What is decoded on the same loop later comes when the bomb has stopped.
    const small = await useBody('gzip', coded)
    for (let i = 0; i < 100; i++) {
      expect(await (await fetch(small, { dispatcher })).text()).toBe(text)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
    await response.body?.cancel()
  })

  it('are read as slowly as somebody likes', async () => {
    const { url } = await useBomb()
    const before = process.memoryUsage().rss
    const response = await fetch(url, { dispatcher: useAgent() })
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (chunk.some((byte: number) => byte !== 0)) throw new Error('not zero')
      if (size > 30_000_000) break
      await new Promise(setImmediate)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
  })

  it('end when the signal aborts', async () => {
    const { url, closed } = await useBomb()
    const abort = new AbortController()
    const response = await fetch(url, { dispatcher: useAgent(), signal: abort.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    abort.abort()
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow('aborted')
    await until('the connection is closed', closed)
  })
})
