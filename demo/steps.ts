/** What a program does all day, through the Agent. Each step checks what it shows. */
import type { Readable } from 'node:stream'
import { fetch, request } from '../lib/index.ts'
import type { Agent } from '../lib/index.ts'
import { check, megabytes } from './print.ts'
import type { Step } from './print.ts'
import type { ServerProcess } from './server-process.ts'

const kMegabyte = 1024 * 1024

export function stepsOf(dispatcher: Agent, server: ServerProcess): Step[] {
  const http = `http://127.0.0.1:${server.ports.http}`
  const https = `https://localhost:${server.ports.https}`
  return [
    { name: 'fetch()', protocol: 'HTTP/1.1', run: () => fetchAbout(dispatcher, http, '1.1') },
    { name: 'fetch()', protocol: 'HTTP/2', run: () => fetchAbout(dispatcher, https, '2.0') },
    { name: 'request()', protocol: 'HTTP/1.1', run: () => requestAbout(dispatcher, http) },
    { name: 'request(), 100 of', protocol: 'HTTP/2', run: () => hundred(dispatcher, https) },
    { name: 'streamed upload', protocol: 'HTTP/1.1', run: () => upload(dispatcher, http) },
    { name: 'streamed upload', protocol: 'HTTP/2', run: () => upload(dispatcher, https) },
    { name: 'pause and resume', protocol: 'HTTP/1.1', run: () => pause(dispatcher, http, server) },
    { name: 'pause and resume', protocol: 'HTTP/2', run: () => pause(dispatcher, https, server) },
    { name: 'abort in the body', protocol: 'HTTP/1.1', run: () => abort(dispatcher, http, server) },
    { name: 'abort in the body', protocol: 'HTTP/2', run: () => abort(dispatcher, https, server) },
  ]
}

async function fetchAbout(dispatcher: Agent, origin: string, version: string): Promise<string> {
  const response = await fetch(`${origin}/about`, { dispatcher })
  const seen = (await response.json()) as { httpVersion: string }
  check(response.status === 200, `status ${response.status}`)
  check(seen.httpVersion === version, `the server saw HTTP/${seen.httpVersion}`)
  return `status ${response.status}; the server saw HTTP/${seen.httpVersion}`
}

async function requestAbout(dispatcher: Agent, origin: string): Promise<string> {
  const { statusCode, headers, body } = await request(`${origin}/about`, {
    dispatcher,
    method: 'POST',
    body: 'some text',
  })
  const seen = (await body.json()) as { method: string }
  check(statusCode === 200 && seen.method === 'POST', `status ${statusCode}, ${seen.method}`)
  return `status ${statusCode}, ${headers['content-type']?.toString() ?? ''}; the server saw a POST`
}

async function hundred(dispatcher: Agent, origin: string): Promise<string> {
  const one = async (): Promise<number> => {
    const { body } = await request(`${origin}/small`, { dispatcher })
    return (await body.text()).length
  }
  const lengths = await Promise.all(Array.from({ length: 100 }, one))
  check(
    lengths.every((length) => length === 100),
    'an answer was not whole',
  )
  return 'all at the same time, all answered'
}

async function upload(dispatcher: Agent, origin: string): Promise<string> {
  const total = 256 * kMegabyte
  const piece = Buffer.alloc(64 * 1024, 'dodici')
  const before = process.memoryUsage.rss()
  let peak = before
  function* pieces(): Generator<Buffer> {
    for (let sent = 0; sent < total; sent += piece.length) {
      peak = Math.max(peak, process.memoryUsage.rss())
      yield piece
    }
  }
  // Any iterable is a body; undici's types name streams only.
  const source = pieces() as unknown as Readable
  const { body } = await request(`${origin}/count`, { dispatcher, method: 'POST', body: source })
  const received = Number(await body.text())
  check(received === total, `the server received ${received} bytes`)
  return `${megabytes(total)} from a generator, all received; memory grew by ${megabytes(peak - before)}`
}

/** Stops reading in mid-body for a while: nothing may come in, and the server must feel it. */
async function pause(dispatcher: Agent, origin: string, server: ServerProcess): Promise<string> {
  const total = 64 * kMegabyte
  const pauseMs = 300
  const sentBefore = await server.sent()
  const paused = Promise.withResolvers<() => void>()
  const ended = Promise.withResolvers<void>()
  let received = 0
  dispatcher.dispatch(
    { origin, path: `/${total}`, method: 'GET' },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(controller, chunk) {
        const isFirstMegabyte = received < kMegabyte
        received += chunk.length
        if (!isFirstMegabyte || received < kMegabyte) return
        controller.pause()
        paused.resolve(() => controller.resume())
      },
      onResponseEnd: () => ended.resolve(),
      onResponseError: (_controller, error) => {
        paused.reject(error)
        ended.reject(error)
      },
    },
  )
  const resume = await paused.promise
  const receivedAtPause = received
  await new Promise((resolve) => {
    setTimeout(resolve, pauseMs)
  })
  const sent = (await server.sent()) - sentBefore
  check(received === receivedAtPause, `${received - receivedAtPause} bytes came while paused`)
  resume()
  await ended.promise
  check(received === total, `${received} of ${total} bytes came`)
  return (
    `nothing came for ${pauseMs} ms, and the server could send only ${megabytes(sent)}; ` +
    `then all of ${megabytes(total)}`
  )
}

async function abort(dispatcher: Agent, origin: string, server: ServerProcess): Promise<string> {
  const path = '/stall'
  const stop = new AbortController()
  const response = await fetch(`${origin}${path}`, { dispatcher, signal: stop.signal })
  const reading = response.text().then(
    () => 'the body ended',
    (error: unknown) => (error as Error).message,
  )
  const cutOff = server.cutOff(path)
  const start = performance.now()
  stop.abort(new Error('changed my mind'))
  await cutOff
  const ms = performance.now() - start
  const message = await reading
  check(message === 'changed my mind', `the reader was told: ${message}`)
  return `the reader was told "${message}"; the server saw it after ${ms.toFixed(1)} ms`
}
