/** Requests over the sockets of a `connect` function: large, slow, and ended at any moment. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { request, WebSocket } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { agentKind } from '../support/agents.ts'
import { bigBody, kMegabyte } from '../support/big-body.ts'
import { counting } from '../support/connecting.ts'
import { useAgent } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until } from '../support/wait.ts'

const size = 20 * kMegabyte

describe.each(protocols)('over a connect function, %s', (protocol) => {
  it('20 MB arrive whole', async () => {
    const server = await useProtocol(protocol, bigBody().handler)
    const dispatcher = await useAgent({ connect: counting().connect })
    const { body } = await request(server.origin, { path: `/${size}`, dispatcher } as never)
    let at = 0
    for await (const chunk of body) {
      const bytes = chunk as Buffer
      const wanted = Math.floor(at / (64 * 1024)) % 251
      expect(bytes[0]).toBe(wanted)
      at += bytes.length
    }
    expect(at).toBe(size)
  })

  it('the server waits for a reader that stops', async () => {
    const big = bigBody()
    const server = await useProtocol(protocol, big.handler)
    const agent = await useAgent({ connect: counting().connect })
    const recorder = dispatch(
      agent,
      { origin: server.origin, path: `/${size}` },
      { onResponseStart: (_recorder, controller) => controller.pause() },
    )
    await recorder.seen('onResponseStart')
    await quiet(200)
    const sent = big.sent
    await quiet(100)
    expect(big.sent).toBe(sent)
    expect(sent).toBeLessThan(size)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.body.length).toBe(size)
  })

  it('20 MB are sent whole, and no faster than the server reads', async () => {
    let read = 0
    const start = Promise.withResolvers<void>()
    const server = await useProtocol(protocol, async (incoming, response) => {
      await start.promise
      for await (const chunk of incoming) read += (chunk as Buffer).length
      response.end(String(read))
    })
    let made = 0
    const body = Readable.from(
      (function* pieces() {
        for (; made < size; made += 64 * 1024) yield Buffer.alloc(64 * 1024, 7)
      })(),
    )
    const agent = await useAgent({ connect: counting().connect })
    const done = exchange(agent, { origin: server.origin, method: 'POST', body })
    await until('the first bytes', () => made > 0)
    await quiet(200)
    expect(made).toBeLessThan(size)
    start.resolve()
    expect((await done).text).toBe(String(size))
  })

  // undici's handler gets no controller while it connects.
  it.skipIf(agentKind === 'undici')(
    'an abort ends the request, and the next one gets its answer',
    async () => {
      const server = await useProtocol(protocol, (incoming, response) => {
        if (incoming.url === '/') response.end('ok')
        else if (incoming.url === '/body') response.write('some')
      })
      const { connect, asked } = counting()
      const agent = await useAgent({ connect, connections: 1 })
      const { origin } = server
      const reason = new Error('enough')
      const phases = [
        ['/connect', () => until('the call', () => asked.length > 0)],
        ['/head', () => quiet(30)],
        ['/body', (recorder: ReturnType<typeof dispatch>) => recorder.seen('onResponseData')],
      ] as const
      for (const [path, reached] of phases) {
        const recorder = dispatch(agent, { origin, path })
        await reached(recorder)
        recorder.controller?.abort(reason)
        expect((await recorder.done).error).toBe(reason)
        expect((await exchange(agent, { origin })).text).toBe('ok')
      }
    },
  )

  it('many requests at once have a connection each, or share one', async () => {
    for (let round = 0; round < 10; round += 1) {
      const server = await useProtocol(protocol, (incoming, response) => {
        setImmediate(() => response.end(incoming.url))
      })
      const { connect, asked, sockets } = counting()
      const agent = await useAgent({ connect })
      const paths = Array.from({ length: 40 }, (_value, i) => `/${i}`)
      const { origin } = server
      const all = await Promise.all(paths.map((path) => exchange(agent, { origin, path })))
      expect(all.map(({ text }) => text)).toEqual(paths)
      expect(asked.length).toBeLessThanOrEqual(protocol === 'HTTP/2' ? 1 : 40)
      await agent.close()
      expect(sockets.every(({ destroyed }) => destroyed)).toBe(true)
    }
  })
})

describe('a WebSocket over a connect function', () => {
  it('echoes, and closes', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => {
      server.close()
    })
    server.on('connection', (peer) => {
      peer.on('message', (message, isBinary) => peer.send(message, { binary: isBinary }))
    })
    await once(server, 'listening')
    const { connect, asked, sockets } = counting()
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const socket = new WebSocket(url, { dispatcher: await useAgent({ connect }) })
    socket.binaryType = 'arraybuffer'
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const large = Buffer.alloc(4 * kMegabyte, '0123456789abcdef!')
    const got = new Promise<ArrayBuffer>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(data as ArrayBuffer))
    })
    socket.send(large)
    expect(Buffer.from(await got).equals(large)).toBe(true)
    const closed = new Promise<unknown>((resolve) => {
      socket.addEventListener('close', (event) => resolve(event))
    })
    socket.close(1000, 'enough')
    expect(await closed).toMatchObject({ code: 1000, wasClean: true })
    expect(asked).toHaveLength(1)
    await until('the end of its socket', () => sockets.every(({ destroyed }) => destroyed))
  })
})
