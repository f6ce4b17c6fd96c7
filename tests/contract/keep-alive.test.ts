/** How long an idle connection is kept, and what happens to one that is closed meanwhile. Counted at the server. */
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { useAgent, useFolder, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until } from '../support/wait.ts'

const post = { method: 'POST', body: 'x' }

/** Answers, and records when each connection was idle. */
async function useHinting(hint: string): ReturnType<typeof useHttp1> {
  return useHttp1((_request, response) => {
    if (hint !== '') response.setHeader('keep-alive', hint)
    response.end('ok')
  })
}

async function idleTime(hint: string, options: object): Promise<number> {
  const server = await useHinting(hint)
  const agent = await useAgent({ connections: 1, ...options })
  await exchange(agent, { origin: server.origin })
  const start = performance.now()
  await until('the connection is closed', () => server.sockets.size === 0)
  return performance.now() - start
}

describe("a server's Keep-Alive hint", () => {
  it('replaces keepAliveTimeout, minus the threshold', async () => {
    const options = { keepAliveTimeout: 60_000, keepAliveTimeoutThreshold: 1800 }
    const time = await idleTime('timeout=2', options)
    expect(time).toBeGreaterThan(150)
    expect(time).toBeLessThan(1000)
  })

  it('may be longer than keepAliveTimeout', async () => {
    expect(await idleTime('timeout=3', { keepAliveTimeout: 20 })).toBeGreaterThan(500)
  })

  it('is bounded by keepAliveMaxTimeout', async () => {
    expect(await idleTime('timeout=60', { keepAliveMaxTimeout: 100 })).toBeLessThan(1000)
  })

  it('is forgotten when the next response has none', async () => {
    const hints = ['timeout=60', '']
    const server = await useHttp1((_request, response) => {
      const hint = hints.shift()
      if (hint) response.setHeader('keep-alive', hint)
      response.end('ok')
    })
    const agent = await useAgent({ connections: 1, keepAliveTimeout: 100 })
    await exchange(agent, { origin: server.origin })
    await quiet(300)
    expect(server.sockets.size).toBe(1)
    await exchange(agent, { origin: server.origin })
    await until('the connection is closed', () => server.sockets.size === 0, 2000)
    expect(server.accepted).toBe(1)
  })

  it('that is not above the threshold prevents further use', async () => {
    const server = await useHinting('timeout=2')
    const agent = await useAgent({ connections: 1 })
    for (let i = 0; i < 2; i += 1) await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(2)
  })
})

describe('clientTtl', () => {
  it('replaces a connection that is older', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1, clientTtl: 1000 })
    await exchange(agent, { origin: server.origin, ...post })
    await exchange(agent, { origin: server.origin, ...post })
    expect(server.accepted).toBe(1)
    await quiet(1100)
    const recorder = await exchange(agent, { origin: server.origin, ...post })
    expect(recorder.error).toBeUndefined()
    expect(server.accepted).toBe(2)
  })
})

describe('an idle connection that the server closes', () => {
  it.each(['fin', 'reset'] as const)('by %s is reported by `disconnect` at once', async (how) => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.respond('ok')
    })
    const agent = await useAgent({ keepAliveTimeout: 60_000 })
    let gone = 0
    agent.on('disconnect', () => (gone += 1))
    await exchange(agent, { origin: server.origin })
    expect(gone).toBe(0)
    ;(await server.peer(0))[how]()
    await until('disconnect', () => gone === 1, 1000)
    expect(Object.keys((agent as unknown as { stats: object }).stats)).toEqual([])
    await quiet()
    expect(gone).toBe(1)
  })

  it.each(['h1', 'h2'] as const)('over TLS and %s as well', async (protocol) => {
    const server = await useTls({
      protocols: protocol,
      onRequest: (_request, response) => void response.end('ok'),
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      },
    })
    const agent = await useAgent({ keepAliveTimeout: 60_000 })
    let gone = 0
    agent.on('disconnect', () => (gone += 1))
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    for (const socket of server.sockets) socket.end()
    await until('disconnect', () => gone === 1, 1000)
    expect((await exchange(agent, { origin: server.origin, ...post })).text).toBe('ok')
    expect(server.accepted).toBe(2)
  })

  it('serves no further request, whatever its method', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ connections: 1 })
    let gone = 0
    agent.on('disconnect', () => (gone += 1))
    for (let i = 1; i <= 3; i += 1) {
      const recorder = await exchange(agent, { origin: server.origin, ...post })
      expect(recorder.error).toBeUndefined()
      for (const socket of server.sockets) socket.destroy()
      await until('disconnect', () => gone === i)
    }
    expect(server.accepted).toBe(3)
  })

  it('serves no further request if keepAliveTimeout has closed it', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const other = await useHttp1(() => {})
    const agent = await useAgent({ connections: 1, keepAliveTimeout: 60 })
    dispatch(agent, { origin: other.origin })
    for (let i = 1; i <= 3; i += 1) {
      const body = (async function* source() {
        yield await Promise.resolve('streamed')
      })()
      const options = { origin: server.origin, method: 'POST', body: body as never }
      const recorder = await exchange(agent, options)
      expect(recorder.error).toBeUndefined()
      await until('the connection is closed', () => server.sockets.size === 0)
    }
    expect(server.accepted).toBe(3)
  })

  it('serves no further request if the server sends unasked bytes', async () => {
    const server = await useRaw(async (peer) => {
      for (;;) {
        await peer.head()
        peer.respond(`ok ${peer.index}`)
      }
    })
    const agent = await useAgent({ connections: 1 })
    let gone = 0
    agent.on('disconnect', () => (gone += 1))
    await exchange(agent, { origin: server.origin })
    ;(await server.peer(0)).respond('poison')
    await until('disconnect', () => gone === 1, 1000)
    expect((await exchange(agent, { origin: server.origin, ...post })).text).toBe('ok 1')
  })

  it('frees its descriptor, while others are kept', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const closing = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent({ keepAliveTimeout: 60_000, loopThreads: 1 })
    const descriptors = (): number => readdirSync('/proc/self/fd').length
    await exchange(agent, { origin: server.origin })
    const before = descriptors()
    await exchange(agent, { origin: closing.origin })
    for (const socket of closing.sockets) socket.destroy()
    await until('the descriptor is given back', () => descriptors() <= before, 4000)
    await exchange(agent, { origin: server.origin })
    expect(server.accepted).toBe(1)
  })
})

it('three connections that the server has closed, and three requests at once', async () => {
  const waiting: (() => void)[] = []
  const server = await useHttp1((_request, response) => {
    waiting.push(() => void response.end('ok'))
  })
  const agent = await useAgent({ loopThreads: 1 })
  let gone = 0
  agent.on('disconnect', () => (gone += 1))
  for (let round = 1; round <= 3; round += 1) {
    const all = [1, 2, 3].map(() => exchange(agent, { origin: server.origin, ...post }))
    await until('all are at the server', () => waiting.length === 3)
    for (const respond of waiting.splice(0)) respond()
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    for (const socket of server.sockets) socket.destroy()
    await until('disconnect', () => gone === 3 * round)
  }
  expect(server.accepted).toBe(9)
})

it('a Unix socket that the server has closed serves no further request', async () => {
  const path = join(useFolder(), 'socket')
  const server = createServer((_request, response) => void response.end('ok'))
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>((resolve) => void server.listen(path, resolve))
  onTestFinished(() => void server.close())
  const agent = await useAgent({ socketPath: path, connections: 2 })
  let gone = 0
  agent.on('disconnect', () => (gone += 1))
  for (let round = 1; round <= 3; round += 1) {
    const all = [1, 2].map(() => exchange(agent, { origin: 'http://a.test', ...post }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
    for (const socket of sockets) socket.destroy()
    await until('disconnect', () => gone === sockets.length)
  }
})

describe('a paused body', () => {
  it('may wait for its reader longer than keepAliveTimeout', async () => {
    const size = 4 * 1024 * 1024
    const server = await useHttp1((_request, response) => void response.end(Buffer.alloc(size)))
    const agent = await useAgent({ keepAliveTimeout: 50 })
    const recorder = dispatch(
      agent,
      { origin: server.origin },
      { onResponseStart: (_recorder, controller) => controller.pause() },
    )
    await recorder.seen('onResponseStart')
    await quiet(400)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.error).toBeUndefined()
    expect(recorder.body.length).toBe(size)
    await exchange(agent, { origin: server.origin })
  })

  it('is whole even if the server has closed meanwhile', async () => {
    const size = 4 * 1024 * 1024
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.respond('x'.repeat(size))
      peer.fin()
    })
    const agent = await useAgent()
    const recorder = dispatch(
      agent,
      { origin: server.origin },
      { onResponseStart: (_recorder, controller) => controller.pause() },
    )
    await recorder.seen('onResponseStart')
    await quiet(200)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.error).toBeUndefined()
    expect(recorder.body.length).toBe(size)
  })
})
