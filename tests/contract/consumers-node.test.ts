/**
 * Node's own functions in each supported release: fetch by the global dispatcher and for a single call, WebSocket,
 * EventSource.
 */
import { constants } from 'node:http2'
import type { Http2ServerResponse } from 'node:http2'
import { gzipSync } from 'node:zlib'
import type * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { nodeMajors, nodeProgram } from '../support/node-versions.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'

const gpl = 'gzip works '.repeat(50)

function useSite(protocol: Protocol): Promise<ProtocolServer> {
  return useProtocol(protocol, async (request, response) => {
    const { url = '', method, headers } = request
    if (url === '/echo') {
      const body = await bodyOf(request)
      response.setHeader('x-type', String(headers['content-type']))
      response.setHeader('x-length', String(headers['content-length']))
      response.end(body)
    } else if (url === '/redirect') {
      response.writeHead(302, { location: '/target' }).end()
    } else if (url === '/gzip') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(gpl))
    } else if (url === '/cookies') {
      response.writeHead(404, { 'set-cookie': ['a=1', 'b=2'] }).end('not here')
    } else if (url === '/stall') {
      response.write('some')
    } else if (url === '/cut') {
      response.writeHead(200, { 'content-length': '10' })
      response.write('some', () => {
        const { stream } = response as unknown as Partial<Http2ServerResponse>
        if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
        else request.destroy()
      })
    } else if (url !== '/silent') {
      response.end(`${method} ${url} ${request.httpVersion}`)
    }
  })
}

interface Data {
  readonly origin: string
  readonly ca: string
  /** How fetch gets the agent. */
  readonly by: 'global' | 'dispatcher' | 'install()'
}

/** Everything that a program may do with fetch, in a process of that Node; returns its output. */
async function program(kit: ChildKit, { origin, ca, by }: Data): Promise<void> {
  const Agent = await kit.agentConstructor('dodici')
  const agent = new Agent({ connect: { ca } })
  let dispatched = 0
  const dispatch = agent.dispatch.bind(agent)
  agent.dispatch = (options, handler) => {
    dispatched += 1
    return dispatch(options, handler)
  }
  const { install, setGlobalDispatcher } = (await kit.load(
    '../../lib/index.ts',
  )) as unknown as typeof undici
  if (by === 'install()') install()
  if (by !== 'dispatcher') setGlobalDispatcher(agent)
  const get = (path: string, init: RequestInit & { duplex?: string } = {}): Promise<Response> => {
    const through = by === 'dispatcher' ? { dispatcher: agent } : {}
    return fetch(`${origin}${path}`, { ...init, ...through } as RequestInit)
  }
  const failure = async (promise: Promise<unknown>): Promise<unknown> => {
    const error = await promise.then(
      () => ({}),
      (thrown: unknown) => thrown,
    )
    const { name, message, cause } = error as Error & { cause?: { code?: string } }
    return { name, message, cause: cause?.code }
  }

  kit.say(Number(process.versions.node.split('.')[0]))
  const first = await get('/x?y=1')
  kit.say([first.status, first.ok, await first.text()])
  const posted = await get('/echo', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"ä":1}',
  })
  kit.say([posted.headers.get('x-type'), posted.headers.get('x-length'), await posted.json()])
  const form = new FormData()
  form.append('name', 'value')
  form.append('file', new Blob(['content']), 'a.txt')
  const formed = await get('/echo', { method: 'POST', body: form })
  const text = await formed.text()
  kit.say([text.includes('name="name"\r\n\r\nvalue\r\n'), text.includes('filename="a.txt"')])
  const blob = await get('/echo', { method: 'PUT', body: new Blob(['blob'], { type: 'x/y' }) })
  kit.say([blob.headers.get('x-type'), blob.headers.get('x-length'), await blob.text()])
  const stream = new ReadableStream({
    start: (controller) => {
      for (const part of ['one ', 'two']) controller.enqueue(new TextEncoder().encode(part))
      controller.close()
    },
  })
  const streamed = await get('/echo', { method: 'POST', body: stream, duplex: 'half' })
  kit.say([streamed.headers.get('x-length'), await streamed.text()])
  const moved = await get('/redirect')
  kit.say([moved.redirected, (await moved.text()).split(' ')[1]])
  kit.say((await (await get('/gzip')).text()).length)
  const missing = await get('/cookies')
  kit.say([missing.status, missing.headers.getSetCookie(), await missing.clone().text()])
  kit.say(await failure(get('/silent', { signal: AbortSignal.timeout(50) })))
  const abort = new AbortController()
  const stalled = await get('/stall', { signal: abort.signal })
  const reading = stalled.text()
  abort.abort()
  kit.say(await failure(reading))
  const cut = await get('/cut')
  const { name, message } = (await failure(cut.text())) as Error
  kit.say([name, message])
  const refused = fetch('http://127.0.0.1:2/', { dispatcher: agent } as object)
  kit.say(await failure(refused))
  kit.say(dispatched)
  await agent.close()
}

const table = nodeMajors.flatMap((major) =>
  (['global', 'dispatcher', 'install()'] as const).flatMap((by) =>
    protocols.map((protocol) => ({ major, by, protocol })),
  ),
)

describe.runIf(agentKind === 'dodici')("Node's own fetch, and ours in its place", () => {
  it.each(table)('of Node $major, $by, over $protocol', async ({ major, by, protocol }) => {
    const { origin } = await useSite(protocol)
    const ca = certificates().ca
    const { code, said, stderr } = await runChild<Data>(
      program,
      { origin, ca, by },
      { node: nodeProgram(major) },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([
      major,
      [200, true, `GET /x?y=1 ${protocol === 'HTTP/2' ? '2.0' : '1.1'}`],
      ['application/json', '8', { ä: 1 }],
      [true, true],
      ['x/y', '4', 'blob'],
      ['undefined', 'one two'],
      [true, '/target'],
      gpl.length,
      [404, ['a=1', 'b=2'], 'not here'],
      { name: 'TimeoutError', message: 'The operation was aborted due to timeout' },
      { name: 'AbortError', message: 'This operation was aborted' },
      ['TypeError', 'terminated'],
      { name: 'TypeError', message: 'fetch failed', cause: 'ECONNREFUSED' },
      // One each, a redirect's second, and the refused one.
      13,
    ])
  })
})

/** Node's own WebSocket and EventSource, by the global dispatcher. */
async function sockets(kit: ChildKit, { origin }: { readonly origin: string }): Promise<void> {
  const Agent = await kit.agentConstructor('dodici')
  const agent = new Agent()
  let connected = 0
  agent.on('connect', () => void (connected += 1))
  const { setGlobalDispatcher } = (await kit.load('../../lib/index.ts')) as unknown as typeof undici
  setGlobalDispatcher(agent)
  const next = <T extends Event>(target: EventTarget, type: string): Promise<T> =>
    new Promise((resolve, reject) => {
      target.addEventListener(type, (event) => resolve(event as T), { once: true })
      target.addEventListener('error', () => reject(new Error(`error instead of ${type}`)))
    })
  const socket = new WebSocket(origin.replace('http', 'ws'))
  await next(socket, 'open')
  socket.send('x'.repeat(100_000))
  const { data } = await next<MessageEvent>(socket, 'message')
  kit.say([(data as string).length, socket.extensions])
  socket.close(4001, 'enough')
  const { code, reason, wasClean } = await next<CloseEvent>(socket, 'close')
  kit.say([code, reason, wasClean])
  const source = new EventSource(`${origin}/events`)
  kit.say((await next<MessageEvent>(source, 'message')).data)
  source.close()
  kit.say(connected)
  await agent.destroy()
}

describe.runIf(agentKind === 'dodici')("Node's own WebSocket and EventSource", () => {
  it.each(nodeMajors)('of Node %d, by the global dispatcher', async (major) => {
    const server = await useHttp1((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: news\n\n')
    })
    const echo = new WebSocketServer({ server: server.server, perMessageDeflate: true })
    echo.on('connection', (peer) => {
      peer.on('message', (message, isBinary) => peer.send(message, { binary: isBinary }))
    })
    const { code, said, stderr } = await runChild(
      sockets,
      { origin: server.origin },
      { node: nodeProgram(major), nodeArgs: ['--experimental-eventsource'] },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([
      [100_000, 'permessage-deflate'],
      [4001, 'enough', true],
      'news',
      // One that became the WebSocket, and one for the events.
      2,
    ])
  })
})
