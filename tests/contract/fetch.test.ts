/** Item 1: fetch, undici's and Node's own, through the agent. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import * as undici from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { fetch as dodiciFetch } from '../../lib/fetch/fetch.ts'
import { agentKind } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'
import { until, within } from '../support/wait.ts'

interface FetchResponse {
  status: number
  statusText: string
  ok: boolean
  redirected: boolean
  headers: { get(name: string): string | null; getSetCookie(): string[] }
  body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
  json(): Promise<unknown>
  clone(): FetchResponse
}
type Fetch = (url: string, init?: Record<string, unknown>) => Promise<FetchResponse>

interface Kind {
  name: string
  fetch: Fetch
  /** How this fetch gets the agent. */
  through: (agent: Dispatcher) => Dispatcher
}

const kinds: Kind[] = [
  { name: "undici's fetch", fetch: undici.fetch, through: (agent) => agent },
  {
    name: "Node's fetch",
    fetch: globalThis.fetch,
    // undici 8's own Agent refuses Node 24's handlers unless they are wrapped.
    through: (agent) => (agentKind === 'dodici' ? agent : new undici.Dispatcher1Wrapper(agent)),
  },
]

// It makes its own responses; it also works over undici's Agent.
kinds.push({ name: "dodici's fetch", fetch: dodiciFetch, through: (agent) => agent })

const table = kinds
  .flatMap((kind) => protocols.map((protocol) => ({ ...kind, protocol })))
  // … and the wrapper speaks no HTTP/2.
  .filter(
    (row) => agentKind === 'dodici' || !row.name.startsWith('Node') || row.protocol !== 'HTTP/2',
  )

interface Site extends ProtocolServer {
  /** Paths in order of arrival. */
  readonly requests: string[]
  /** Paths whose response was cut off. */
  readonly aborted: string[]
}

async function useSite(protocol: Protocol): Promise<Site> {
  const requests: string[] = []
  const aborted: string[] = []
  const compressed: Record<string, (text: string) => Buffer> = {
    gzip: gzipSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  }
  const server = await useProtocol(protocol, async (request, response) => {
    const url = request.url ?? ''
    requests.push(url)
    response.on('close', () => {
      if (!response.writableEnded) aborted.push(url)
    })
    if (url === '/echo') {
      response.setHeader('x-length', String(request.headers['content-length']))
      response.setHeader('x-type', String(request.headers['content-type']))
      response.end(await bodyOf(request))
    } else if (url === '/redirect') {
      response.writeHead(302, { location: '/target' }).end()
    } else if (url === '/post-redirect') {
      await bodyOf(request)
      response.writeHead(303, { location: '/target' }).end()
    } else if (url === '/cookies') {
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.writeHead(404).end('not here')
    } else if (url.startsWith('/coded/')) {
      const coding = url.slice(7)
      response.setHeader('content-encoding', coding)
      response.end(compressed[coding]?.('hello '.repeat(100)))
    } else if (url === '/stall') {
      response.write('some')
    } else if (url !== '/silent') {
      response.end(`${request.method} ${url}`)
    }
  })
  return Object.assign(Object.create(server) as ProtocolServer, { requests, aborted })
}

describe.each(table)('$name over $protocol', ({ fetch, through, protocol }) => {
  it('gets', async () => {
    const { origin } = await useSite(protocol)
    const response = await fetch(`${origin}/x?y=1`, { dispatcher: through(await useAgent()) })
    expect(response.status).toBe(200)
    expect(response.ok).toBe(true)
    expect(await response.text()).toBe('GET /x?y=1')
  })

  it('posts JSON with its length', async () => {
    const { origin } = await useSite(protocol)
    const body = JSON.stringify({ grüße: 'aus Köln' })
    const response = await fetch(`${origin}/echo`, {
      dispatcher: through(await useAgent()),
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.headers.get('x-length')).toBe(String(Buffer.byteLength(body)))
    expect(response.headers.get('x-type')).toBe('application/json')
    expect(await response.json()).toEqual({ grüße: 'aus Köln' })
  })

  it('posts a form', async () => {
    const { origin } = await useSite(protocol)
    const form = fetch === kinds[0]?.fetch ? new undici.FormData() : new FormData()
    form.append('name', 'value')
    form.append('file', new Blob(['content']), 'a.txt')
    const response = await fetch(`${origin}/echo`, {
      dispatcher: through(await useAgent()),
      method: 'POST',
      body: form,
    })
    expect(response.headers.get('x-type')).toMatch(/^multipart\/form-data; boundary=/)
    const text = await response.text()
    expect(text).toContain('name="name"\r\n\r\nvalue\r\n')
    expect(text).toContain('filename="a.txt"')
    expect(text).toContain('content')
  })

  it('posts a stream', async () => {
    const { origin } = await useSite(protocol)
    const body = new ReadableStream({
      start: (controller) => {
        for (const text of ['one ', 'two ', 'three']) controller.enqueue(Buffer.from(text))
        controller.close()
      },
    })
    const response = await fetch(`${origin}/echo`, {
      dispatcher: through(await useAgent()),
      method: 'POST',
      body,
      duplex: 'half',
    })
    expect(await response.text()).toBe('one two three')
    expect(response.headers.get('x-length')).toBe('undefined')
  })

  it.each(['gzip', 'br', 'zstd'])('decodes %s itself', async (coding) => {
    const { origin } = await useSite(protocol)
    const dispatcher = through(await useAgent())
    const response = await fetch(`${origin}/coded/${coding}`, { dispatcher })
    expect(response.headers.get('content-encoding')).toBe(coding)
    expect(await response.text()).toBe('hello '.repeat(100))
  })

  it('follows redirects', async () => {
    const { origin } = await useSite(protocol)
    const dispatcher = through(await useAgent())
    const got = await fetch(`${origin}/redirect`, { dispatcher })
    expect(got.redirected).toBe(true)
    expect(await got.text()).toBe('GET /target')
    const init = { dispatcher, method: 'POST', body: 'x' }
    expect(await (await fetch(`${origin}/post-redirect`, init)).text()).toBe('GET /target')
  })

  it('sees status, cookies and a body of a 404', async () => {
    const { origin } = await useSite(protocol)
    const response = await fetch(`${origin}/cookies`, { dispatcher: through(await useAgent()) })
    expect(response.status).toBe(404)
    expect(response.statusText).toBe(protocol === 'HTTP/2' ? '' : 'Not Found')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const copy = response.clone()
    expect(await response.text()).toBe('not here')
    expect(await copy.text()).toBe('not here')
  })

  it('rejects if it was aborted before', async () => {
    const { origin } = await useSite(protocol)
    const reason = new Error('never mind')
    const dispatcher = through(await useAgent())
    const promise = fetch(origin, { dispatcher, signal: AbortSignal.abort(reason) })
    await expect(promise).rejects.toBe(reason)
  })

  it('rejects if it is aborted while waiting, and the server sees it', async () => {
    const site = await useSite(protocol)
    const abort = new AbortController()
    const dispatcher = through(await useAgent())
    const promise = fetch(`${site.origin}/silent`, { dispatcher, signal: abort.signal })
    void until('it is there', () => site.requests.length === 1).finally(() => abort.abort())
    await expect(promise).rejects.toMatchObject({ name: 'AbortError' })
    await until('the server saw it', () => site.aborted.includes('/silent'))
  })

  it('fails the body if it is aborted while reading, and the server sees it', async () => {
    const site = await useSite(protocol)
    const abort = new AbortController()
    const dispatcher = through(await useAgent())
    const init = { dispatcher, signal: abort.signal }
    const response = await fetch(`${site.origin}/stall`, init)
    const reading = response.text()
    const reason = new Error('heard enough')
    abort.abort(reason)
    await expect(within('the body to fail', reading)).rejects.toBe(reason)
    await until('the server saw it', () => site.aborted.includes('/stall'))
  })

  it('leaving the body early cancels it', async () => {
    const site = await useSite(protocol)
    const dispatcher = through(await useAgent())
    const response = await fetch(`${site.origin}/stall`, { dispatcher })
    for await (const chunk of response.body ?? []) {
      expect(Buffer.from(chunk).toString()).toBe('some')
      break
    }
    await until('the server saw it', () => site.aborted.includes('/stall'))
  })
})

describe('the global dispatcher', () => {
  it('serves both fetches and request()', async () => {
    const { origin } = await useSite('HTTP/1.1')
    const agent = await useAgent({ connections: 1 })
    const dispatched: string[] = []
    const counting = agent.compose((dispatch) => (options, handler) => {
      dispatched.push(options.path)
      return dispatch(options, handler)
    })
    const before = undici.getGlobalDispatcher()
    const set =
      agentKind === 'dodici'
        ? (await import('../../lib/index.ts')).setGlobalDispatcher
        : undici.setGlobalDispatcher
    set(counting)
    try {
      expect(await (await globalThis.fetch(`${origin}/node`)).text()).toBe('GET /node')
      expect(await (await undici.fetch(`${origin}/undici`)).text()).toBe('GET /undici')
      const { body } = await undici.request(`${origin}/request`)
      expect(await body.text()).toBe('GET /request')
      expect(dispatched).toEqual(['/node', '/undici', '/request'])
    } finally {
      undici.setGlobalDispatcher(before)
    }
  })

  it("set by undici's own setter works for Node's fetch as well", async () => {
    const { origin } = await useSite('HTTP/1.1')
    const before = undici.getGlobalDispatcher()
    undici.setGlobalDispatcher(await useAgent())
    try {
      expect(await (await globalThis.fetch(`${origin}/node`)).text()).toBe('GET /node')
    } finally {
      undici.setGlobalDispatcher(before)
    }
  })

  it.runIf(agentKind === 'dodici')("gives Node's fetch HTTP/2", async () => {
    const server = await useProtocol('HTTP/2', (request, response) => {
      response.end(request.httpVersion)
    })
    const { setGlobalDispatcher } = await import('../../lib/index.ts')
    const before = undici.getGlobalDispatcher()
    setGlobalDispatcher(await useAgent())
    try {
      expect(await (await globalThis.fetch(server.origin)).text()).toBe('2.0')
    } finally {
      undici.setGlobalDispatcher(before)
    }
  })
})
