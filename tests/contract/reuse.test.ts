/** Item 1: when a connection is used again, and when not. Counted at the server. */
import type { ServerHttp2Stream } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until } from '../support/wait.ts'

describe('HTTP/1.1', () => {
  it('never opens more than `connections`, and all requests end', async () => {
    let most = 0
    const server = await useHttp1((_request, response) => {
      most = Math.max(most, server.sockets.size)
      setTimeout(() => response.end('ok'), 5)
    })
    const agent = await useAgent({ connections: 2 })
    const all = Array.from({ length: 20 }, () => exchange(agent, { origin: server.origin }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    expect(most).toBe(2)
    expect(server.accepted).toBe(2)
  })

  it('opens one connection for each request at a time without a limit', async () => {
    const waiting: (() => void)[] = []
    const server = await useHttp1((_request, response) => {
      waiting.push(() => response.end('ok'))
    })
    const agent = await useAgent()
    const all = Array.from({ length: 20 }, () => exchange(agent, { origin: server.origin }))
    await until('all are at the server', () => waiting.length === 20)
    for (const answer of waiting) answer()
    await Promise.all(all)
    expect(server.accepted).toBe(20)
  })

  it('does not use a connection again after "connection: close"', async () => {
    const server = await useHttp1((_request, response) => {
      response.setHeader('connection', 'close')
      response.end('ok')
    })
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 3; i += 1) await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(3)
  })

  it('does not use a connection again after an HTTP/1.0 response without keep-alive', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok')
      peer.fin()
    })
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 2; i += 1) {
      expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    }
    expect(server.peers.length).toBe(2)
  })

  it('reset: true sends "connection: close" and closes', async () => {
    const server = await useHttp1(
      (request, response) => void response.end(request.headers.connection),
    )
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 2; i += 1) {
      const recorder = await exchange(agent, { origin: server.origin, reset: true })
      expect(recorder.text).toBe('close')
    }
    expect(server.accepted).toBe(2)
  })

  it('a header "connection: close" does the same', async () => {
    const server = await useHttp1(
      (request, response) => void response.end(request.headers.connection),
    )
    const agent = await useAgent({ connections: 1 })
    const options = { origin: server.origin, headers: { connection: 'close' } }
    expect((await exchange(agent, options)).text).toBe('close')
    await exchange(agent, options)
    expect(server.accepted).toBe(2)
  })

  it('pipelining: 0 turns keep-alive off', async () => {
    const server = await useHttp1(
      (request, response) => void response.end(request.headers.connection),
    )
    const agent = await useAgent({ connections: 1, pipelining: 0 })
    expect((await exchange(agent, { origin: server.origin })).text).toBe('close')
    await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(2)
  })

  it('maxRequestsPerClient: 2 takes a second connection for the third', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1, maxRequestsPerClient: 2 })
    for (let i = 0; i < 3; i += 1) await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(2)
  })

  it('an idle connection closes after keepAliveTimeout', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1, keepAliveTimeout: 100 })
    await exchange(agent, { origin: server.origin })
    await until('the connection is closed', () => server.sockets.size === 0)
    await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(2)
  })

  it('survives a server that closes idle connections', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
      for (const socket of server.sockets) socket.destroy()
      await until('the connection is closed', () => server.sockets.size === 0)
      await quiet(20)
    }
    expect(server.accepted).toBe(3)
  })

  it('keeps origins apart, and treats a trailing slash or a URL as the same origin', async () => {
    const one = await useHttp1((_request, response) => void response.end('one'))
    const two = await useHttp1((_request, response) => void response.end('two'))
    const agent = await useAgent({ connections: 1 })
    expect((await exchange(agent, { origin: one.origin })).text).toBe('one')
    expect((await exchange(agent, { origin: two.origin })).text).toBe('two')
    expect((await exchange(agent, { origin: new URL(one.origin) })).text).toBe('one')
    expect((await exchange(agent, { origin: `${two.origin}/` })).text).toBe('two')
    if (agentKind === 'dodici') expect([one.accepted, two.accepted]).toEqual([1, 1])
  })
})

describe('HTTP/2', () => {
  it('carries 100 requests at a time over one connection', async () => {
    const open = new Set<ServerHttp2Stream>()
    const answer = (stream: ServerHttp2Stream): void => {
      stream.respond({ ':status': 200 })
      stream.end('ok')
    }
    let isWarm = false
    const server = await useTls({
      onStream: (stream) => {
        if (!isWarm) return answer(stream)
        open.add(stream)
        if (open.size === 100) for (const each of open) answer(each)
      },
    })
    const agent = await useAgent()
    await exchange(agent, { origin: server.origin })
    isWarm = true
    const all = Array.from({ length: 100 }, () => exchange(agent, { origin: server.origin }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    expect(server.accepted).toBe(1)
    expect(server.handshakes[0]?.alpn).toBe('h2')
  })

  it('starting cold, still shares one connection', async () => {
    const server = await useTls({
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      },
    })
    const agent = await useAgent()
    const all = Array.from({ length: 50 }, () => exchange(agent, { origin: server.origin }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    expect(server.accepted).toBe(1)
  })

  it('obeys maxConcurrentStreams', async () => {
    let open = 0
    let most = 0
    const server = await useTls({
      onStream: (stream) => {
        open += 1
        most = Math.max(most, open)
        stream.on('close', () => (open -= 1))
        setTimeout(() => {
          stream.respond({ ':status': 200 })
          stream.end('ok')
        }, 20)
      },
    })
    const agent = await useAgent({ connections: 1, maxConcurrentStreams: 5 })
    const all = Array.from({ length: 30 }, () => exchange(agent, { origin: server.origin }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    expect(most).toBeLessThanOrEqual(5)
    expect(server.accepted).toBe(1)
  })

  it('goes on with a new connection after GOAWAY', async () => {
    const server = await useTls({
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
        stream.session?.close()
      },
    })
    const agent = await useAgent()
    for (let i = 0; i < 3; i += 1) {
      expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
      await until('the session is closed', () => server.sessions.size === 0)
    }
    expect(server.accepted).toBe(3)
  })

  it('is not offered with allowH2: false', async () => {
    const server = await useTls({
      onRequest: (request, response) => void response.end(request.httpVersion),
    })
    const agent = await useAgent({ allowH2: false })
    expect((await exchange(agent, { origin: server.origin })).text).toBe('1.1')
    expect(server.handshakes[0]?.alpn).not.toBe('h2')
  })

  it('and HTTP/1.1 work side by side on one origin, by allowH2 of the request', async () => {
    const server = await useTls({
      onRequest: (request, response) => void response.end(request.httpVersion),
    })
    const agent = await useAgent()
    const { origin } = server
    expect((await exchange(agent, { origin })).text).toBe('2.0')
    expect((await exchange(agent, { origin, allowH2: false })).text).toBe('1.1')
    expect((await exchange(agent, { origin })).text).toBe('2.0')
    expect(server.accepted).toBe(2)
  })

  it('falls back to HTTP/1.1 if the server does not speak it', async () => {
    const server = await useTls({
      protocols: 'h1',
      onRequest: (request, response) => void response.end(request.httpVersion),
    })
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 2; i += 1) {
      expect((await exchange(agent, { origin: server.origin })).text).toBe('1.1')
    }
    expect(server.accepted).toBe(1)
  })

  it('does not share a connection between two servernames', async () => {
    const server = await useTls({
      onRequest: (_request, response) => void response.end('ok'),
    })
    const agent = await useAgent({ connect: { rejectUnauthorized: false } })
    const { origin } = server
    await exchange(agent, { origin, servername: 'one.test' })
    await exchange(agent, { origin, servername: 'two.test' })
    await exchange(agent, { origin, servername: 'one.test' })
    expect(server.handshakes.map((handshake) => handshake.servername).slice(0, 2)).toEqual([
      'one.test',
      'two.test',
    ])
    if (agentKind === 'dodici') expect(server.accepted).toBe(2)
  })
})

describe('two agents', () => {
  it('share nothing', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const one = await useAgent()
    const two = await useAgent()
    await exchange(one, { origin: server.origin })
    await exchange(two, { origin: server.origin })
    expect(server.accepted).toBe(2)
    const reading = dispatch(two, { origin: server.origin })
    await one.destroy()
    expect((await reading.done).text).toBe('ok')
  })
})
