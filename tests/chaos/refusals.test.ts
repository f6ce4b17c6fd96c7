/** Servers that refuse a request on this connection, and connections that accept no more requests. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { WebSocket } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import type { AgentKind } from '../support/agents.ts'
import { useAgent, useH2Frames, useHttp1, useTls } from '../support/fixtures.ts'
import { runLoad } from '../support/load.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'
import { FrameFlag, H2Code } from '../support/servers/h2-frames.ts'
import { turns, until, within } from '../support/wait.ts'

const bodies: readonly (readonly [string, () => RequestOptions])[] = [
  ['GET', () => ({})],
  ['POST of a string', () => ({ method: 'POST', body: 'once' })],
  ['POST of a stream', () => ({ method: 'POST', body: Readable.from(['on', 'ce']) })],
]

describe.each(protocols)('421 over %s', (protocol: Protocol) => {
  it.each(bodies)('is the answer, as with undici: %s', async (_name, body) => {
    const meet = async (kind: AgentKind) => {
      let arrivals = 0
      const server = await useProtocol(protocol, async (request, response) => {
        await bodyOf(request)
        if (request.url === '/elsewhere') {
          arrivals += 1
          response.writeHead(421)
        }
        response.end('said')
      })
      const agent = await useAgent({ allowH2: true }, kind)
      const { origin } = server
      await exchange(agent, { origin, path: '/before' })
      const beside = Array.from({ length: 5 }, () => exchange(agent, { origin, path: '/beside' }))
      const { status, text } = await exchange(agent, { origin, path: '/elsewhere', ...body() })
      const after = await exchange(agent, { origin, path: '/after' })
      const others = [...(await Promise.all(beside)), after].map((recorder) => recorder.text)
      return { status, text, arrivals, others }
    }
    const undici = await meet('undici')
    expect(undici).toEqual({
      status: 421,
      text: 'said',
      arrivals: 1,
      others: Array(6).fill('said'),
    })
    expect(await meet('dodici')).toEqual(undici)
  })
})

describe('HTTP_1_1_REQUIRED', () => {
  /** Each request is answered over one of both protocols; those whose number ends with 3 or 7 are not over HTTP/2. */
  async function useBoth() {
    const times = new Map<string, number>()
    const note = (path: string): void => {
      times.set(path, (times.get(path) ?? 0) + 1)
    }
    const server = await useTls({
      onStream: (stream, headers) => {
        const path = String(headers[':path'])
        if (/[37]$/.test(path)) {
          stream.close(H2Code.http11Required)
          return
        }
        note(path)
        stream.resume().on('end', () => {
          stream.respond({ ':status': 200 })
          stream.end(path)
        })
      },
      onRequest: async (request: IncomingMessage, response: ServerResponse) => {
        await bodyOf(request)
        note(request.url ?? '')
        response.end(request.url)
      },
    })
    return { server, times }
  }

  it('of some streams leaves the others where they are, and each is processed once', async () => {
    const { server, times } = await useBoth()
    const agent = await useAgent({ allowH2: true })
    const load = { origin: server.origin, count: 100, inFlight: 50, path: (id: number) => `/${id}` }
    const { wrong, lost } = await runLoad(agent, {
      ...load,
      kind: (id) => (['none', 'buffer', 'string'] as const)[id % 3] ?? 'none',
    })
    expect({ wrong, lost }).toEqual({ wrong: [], lost: {} })
    expect([...times].filter(([, count]) => count !== 1)).toEqual([])
    expect(times.size).toBe(100)
  })

  it('of a stream whose body is used up fails the request, which is not processed twice', async () => {
    const { server, times } = await useBoth()
    const agent = await useAgent({ allowH2: true })
    const body = Readable.from(['a', 'b'])
    const recorder = await exchange(agent, {
      origin: server.origin,
      path: '/3',
      method: 'POST',
      body,
    })
    expect(recorder.terminalCalls).toBe(1)
    if (recorder.error) expect(times.get('/3')).toBeUndefined()
    else expect(times.get('/3')).toBe(1)
    expect((await exchange(agent, { origin: server.origin, path: '/4' })).text).toBe('/4')
  })

  it('by GOAWAY ends each of the streams once', async () => {
    let isFirst = true
    const server = await useH2Frames(async (peer) => {
      const last = isFirst
      isFirst = false
      const first = await peer.request(0)
      if (last) {
        await peer.request(1)
        peer.goaway(first, H2Code.http11Required)
      }
      peer.respond(first)
      peer.data(first, 'well', FrameFlag.endStream)
    })
    const agent = await useAgent({ allowH2: true, connections: 1 })
    const { origin } = server
    const [first, second] = await Promise.all([
      exchange(agent, { origin, path: '/1' }),
      exchange(agent, { origin, path: '/2' }),
    ])
    // As undici: an error ends the connection at once, unless the answer is there already.
    if (first.error) expect(first.error).toMatchObject({ code: 'ERR_HTTP2_SESSION_ERROR' })
    else expect(first.text).toBe('well')
    expect(first.terminalCalls).toBe(1)
    // This server speaks nothing else.
    expect(second.terminalCalls).toBe(1)
  })
})

describe('a WebSocket', () => {
  async function useEchoing() {
    const server = await useHttp1((request, response) => {
      response.end(request.url)
    })
    const sockets = new WebSocketServer({ server: server.server })
    sockets.on('connection', (peer) =>
      peer.on('message', (data: Buffer) => peer.send(data.toString())),
    )
    onTestFinished(() => {
      for (const peer of sockets.clients) peer.terminate()
      sockets.close()
    })
    return server
  }

  const opened = async (port: number, dispatcher: Awaited<ReturnType<typeof useAgent>>) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { dispatcher })
    await within('the WebSocket to open', once(socket, 'open'))
    return socket
  }

  it.each([1, 3])('does not count towards connections: 1, %i at a time', async (count) => {
    const server = await useEchoing()
    const agent = await useAgent({ connections: 1 })
    const { origin } = server
    await exchange(agent, { origin })
    const sockets = await Promise.all(
      Array.from({ length: count }, () => opened(server.port, agent)),
    )
    const load = {
      origin,
      count: 40,
      inFlight: 10,
      deadlineMs: 6000,
      path: (id: number) => `/${id}`,
    }
    const { lost, wrong } = await runLoad(agent, { ...load, kind: () => 'none' })
    expect({ lost, wrong }).toEqual({ lost: {}, wrong: [] })
    for (const socket of sockets) {
      const echo = once(socket, 'message')
      socket.send('still there')
      const [event] = (await within('the echo', echo)) as [{ data: unknown }]
      expect(event.data).toBe('still there')
    }
    // Whether the connection of the first request was taken for a WebSocket is each client's own choice.
    expect(server.accepted).toBeLessThanOrEqual(count + 2)
    for (const socket of sockets) socket.close()
    await until('the WebSockets are closed', () => server.sockets.size <= 1)
    expect((await exchange(agent, { origin, path: '/after' })).text).toBe('/after')
  })

  it('opens at the latest when the only connection is free again', async () => {
    const release = Promise.withResolvers<void>()
    const server = await useHttp1(async (_request, response) => {
      response.write('so ')
      await release.promise
      response.end('far')
    })
    const sockets = new WebSocketServer({ server: server.server })
    onTestFinished(() => {
      for (const peer of sockets.clients) peer.terminate()
      sockets.close()
    })
    const agent = await useAgent({ connections: 1 })
    const busy = exchange(agent, { origin: server.origin })
    await until('the connection is in use', () => server.accepted === 1)
    const opening = opened(server.port, agent)
    await turns(5)
    release.resolve()
    expect((await busy).text).toBe('so far')
    const socket = await opening
    socket.close()
  })
})
