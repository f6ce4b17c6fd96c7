/** For any arguments the server gets the same request, and the call has the same result, as with undici's fetch. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import * as undici from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Agent, fetch } from '../../lib/index.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import { outcome, type Fetch } from './row.ts'

const kCalls = 400

interface Call {
  readonly path: string
  readonly init: () => Record<string, unknown>
  readonly read: 'text' | 'arrayBuffer' | 'stream' | 'clone' | 'nothing'
}

/** A response that is told by the request's path: `/status/coding/bytes`, and where a redirect leads. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [, status = '200', coding = '', bytes = '0'] = (request.url ?? '').split('/')
    const seen = JSON.stringify({
      method: request.method,
      url: request.url,
      headers: Object.entries(request.headers).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      body: Buffer.concat(chunks).toString('latin1'),
    })
    const text = Buffer.from(seen + 'x'.repeat(Number(bytes)))
    const encode = { gzip: gzipSync, deflate: deflateSync }[coding]
    if (encode !== undefined) response.setHeader('content-encoding', coding)
    if (status.startsWith('3')) response.setHeader('location', `/200/${coding}/${bytes}?to`)
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.writeHead(Number(status)).end(encode?.(text) ?? text)
  })
})
let base = ''
const dispatchers = { undici: new undici.Agent(), ours: new Agent() }

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  await dispatchers.undici.destroy()
  await dispatchers.ours.destroy()
  server.close()
})

const bodies = ['', 'text', '\u00e4\u20ac', 'x'.repeat(70_000)]

function drawCall(draw: Random): Call {
  const method = draw.pick([
    'GET',
    'get',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'HEAD',
    'OPTIONS',
    'PROPFIND',
  ])
  const text = draw.pick(bodies)
  const kind = draw.below(7)
  const init: Record<string, unknown> = { method }
  if (draw.chance(0.6)) {
    const pairs = Array.from({ length: draw.below(4) }, (_none, i) => [
      draw.pick(['x-a', 'X-A', `x-${i}`, 'accept', 'cookie', 'content-type', 'range']),
      draw.pick(['1', ' 2 ', '', 'a, b', '\u00e9', 'bytes=0-1']),
    ])
    init['headers'] = draw.chance(0.5) ? pairs : Object.fromEntries(pairs)
  }
  if (draw.chance(0.3)) init['redirect'] = draw.pick(['follow', 'manual', 'error'])
  if (draw.chance(0.2)) init['cache'] = draw.pick(['no-store', 'no-cache', 'reload', 'default'])
  if (draw.chance(0.2)) init['credentials'] = draw.pick(['include', 'omit', 'same-origin', 'x'])
  const body = (): unknown =>
    [
      () => text,
      () => Buffer.from(text),
      () => new URLSearchParams({ text: text.slice(0, 10) }),
      () => new Blob([text], { type: 'a/b' }),
      () => new TextEncoder().encode(text).buffer,
      () => ReadableStream.from([Buffer.from(text || 'x')]),
      () => null,
    ][kind]?.()
  const hasBody = draw.chance(method === 'GET' || method === 'get' || method === 'HEAD' ? 0.1 : 0.7)
  return {
    path: `/${draw.pick([200, 200, 201, 204, 301, 302, 303, 304, 307, 308, 404, 500])}/${draw.pick(['gzip', 'deflate', 'x', 'x'])}/${draw.pick([0, 10, 1000, 200_000])}`,
    init: () => ({ ...init, ...(hasBody && { body: body(), duplex: 'half' }) }),
    read: draw.pick(['text', 'arrayBuffer', 'stream', 'clone', 'nothing']),
  }
}

async function run(which: 'undici' | 'ours', { path, init, read }: Call): Promise<unknown> {
  const through = (which === 'ours' ? fetch : undici.fetch) as unknown as Fetch
  const result = (await outcome(
    through(base + path, { ...init(), dispatcher: dispatchers[which] }).then(async (response) => ({
      status: response.status,
      path: response.url.replace(base, ''),
      redirected: response.redirected,
      type: response.type,
      headers: [...response.headers].filter(([name]) => name !== 'date'),
      body: await readBody(response, read),
    })),
  )) as { error?: { name: string; message: string } }
  return result.error === undefined ? result : [result.error.name, result.error.message]
}

async function readBody(response: Response, read: Call['read']): Promise<unknown> {
  switch (read) {
    case 'text':
      return response.text()
    case 'arrayBuffer':
      return Buffer.from(await response.arrayBuffer()).toString('latin1')
    case 'clone': {
      const clone = response.clone()
      return Promise.all([response.text(), clone.text()])
    }
    case 'stream': {
      let all = ''
      for await (const chunk of response.body ?? []) all += Buffer.from(chunk).toString('latin1')
      return all
    }
    default:
      await response.body?.cancel()
      return undefined
  }
}

it('any call has the same result as with undici', async () => {
  const seed = seedOf('fetch()')
  for (let i = 0; i < kCalls; i++) {
    const call = drawCall(random(seed, i))
    const theirs = await run('undici', call)
    const ours = await run('ours', call)
    expect({ call: i, ...call, came: normal(ours) }).toEqual({
      call: i,
      ...call,
      came: normal(theirs),
    })
  }
})

// The body contains the request as the server got it. The case of `Connection` and the agent's port are not tested
// here.
function normal(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result)) as unknown
}
