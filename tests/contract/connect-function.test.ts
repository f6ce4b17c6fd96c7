/** A user's `connect` function: when it is called, with which arguments, and what its sockets carry. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { errors, fetch } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { connecting, counting, open } from '../support/connecting.ts'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { until, waitFor } from '../support/wait.ts'

describe.each(protocols)('a connect function, %s', (protocol) => {
  it('gets the destination, and makes the connection that all requests share', async () => {
    const server = await useProtocol(protocol, (_request, response) => void response.end('ok'))
    const { connect, asked, sockets } = counting()
    const agent = await useAgent({ connect, connections: 1 })
    for (let i = 0; i < 5; i += 1) {
      const { text, status } = await exchange(agent, { origin: server.origin })
      expect([status, text]).toEqual([200, 'ok'])
    }
    const { host, hostname, port, protocol: scheme } = new URL(server.origin)
    expect(asked).toEqual([
      { host, hostname, port, protocol: scheme, servername: null, localAddress: null },
    ])
    expect(sockets).toHaveLength(1)
    expect(server.accepted).toBe(1)
  })

  it('carries heads and bodies unchanged', async () => {
    const seen: unknown[] = []
    const server = await useProtocol(protocol, async (request, response) => {
      const { host, ':authority': authority, ':scheme': scheme } = request.headers
      seen.push([request.method, request.url, host ?? authority, scheme])
      response.setHeader('x-kind', 'made')
      response.end(await bodyOf(request))
    })
    const { connect } = counting()
    const agent = await useAgent({ connect })
    const { origin } = server
    const body = Buffer.from('héllo')
    const { text, headers } = await exchange(agent, { origin, method: 'POST', path: '/a?b', body })
    expect(text).toBe(body.toString('latin1'))
    expect(headers?.['x-kind']).toBe('made')
    const scheme = protocol === 'HTTP/2' ? 'https' : undefined
    expect(seen).toEqual([['POST', '/a?b', new URL(origin).host, scheme]])
  })

  it('serves fetch()', async () => {
    const server = await useProtocol(protocol, async (request, response) => {
      response.end((await bodyOf(request)).toString().toUpperCase())
    })
    const { connect, asked } = counting()
    const dispatcher = await useAgent({ connect })
    const answer = await fetch(server.origin, { method: 'POST', body: 'shout', dispatcher })
    expect([answer.status, await answer.text()]).toEqual([200, 'SHOUT'])
    expect(asked).toHaveLength(1)
  })

  it('is called again when the connection has ended', async () => {
    const server = await useProtocol(protocol, (_request, response) => void response.end('ok'))
    const { connect, asked, sockets } = counting()
    const agent = await useAgent({ connect, connections: 1 })
    const { origin } = server
    expect((await exchange(agent, { origin })).text).toBe('ok')
    const gone = waitFor(agent, 'disconnect')
    for (const socket of server.sockets) socket.destroy()
    await gone
    expect(sockets[0]?.destroyed || (await waitFor(sockets[0] as Socket, 'close'))).toBeTruthy()
    expect((await exchange(agent, { origin })).text).toBe('ok')
    expect(asked).toHaveLength(2)
  })

  it('closes its sockets with the agent', async () => {
    const server = await useProtocol(protocol, (_request, response) => void response.end('ok'))
    const { connect, sockets } = counting()
    const agent = await useAgent({ connect })
    await exchange(agent, { origin: server.origin })
    await agent.close()
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  it('leads to connect and disconnect events', async () => {
    const server = await useProtocol(protocol, (_request, response) => void response.end('ok'))
    const events: string[] = []
    const agent = await useAgent({ connect: counting().connect })
    agent.on('connect', (origin) => events.push(`connect ${origin.origin}`))
    agent.on('disconnect', (origin) => events.push(`disconnect ${origin.origin}`))
    await exchange(agent, { origin: server.origin })
    await agent.destroy()
    expect(events).toEqual([`connect ${server.origin}`, `disconnect ${server.origin}`])
  })
})

describe('a connect function', () => {
  it('is called in the context of the dispatch', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const storage = new AsyncLocalStorage<string>()
    const stores: unknown[] = []
    const { connect } = connecting((to, back) => {
      stores.push(storage.getStore())
      open(to, {}, back)
    })
    const agent = await useAgent({ connect })
    await storage.run('mine', () => exchange(agent, { origin: server.origin }))
    expect(stores).toEqual(['mine'])
  })

  it('gets allowH2, socketPath and localAddress if they are given', async () => {
    const { connect, asked } = connecting((_to, back) => back(new Error('no'), null))
    const agent = await useAgent({
      connect,
      allowH2: false,
      socketPath: '/a/socket',
      localAddress: '127.0.0.1',
    })
    await exchange(agent, { origin: 'https://nowhere.test:1', headers: { host: 'name.test' } })
    expect(asked).toEqual([
      {
        host: 'nowhere.test:1',
        hostname: 'nowhere.test',
        protocol: 'https:',
        port: '1',
        servername: 'name.test',
        localAddress: '127.0.0.1',
        allowH2: false,
        socketPath: '/a/socket',
      },
    ])
  })

  it('appears in the channels, with its socket', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const { connect, sockets, asked } = counting()
    const agent = await useAgent({ connect })
    const told: [string, number, unknown][] = []
    const names = ['beforeConnect', 'connected'] as const
    const listeners = names.map((name) => {
      const listener = (message: unknown): void => {
        const { connectParams, connector, socket } = message as Record<string, unknown>
        expect(typeof connector).toBe('function')
        expect(connectParams).toMatchObject({ hostname: '127.0.0.1', protocol: 'http:' })
        told.push([name, asked.length, socket])
      }
      subscribe(`undici:client:${name}`, listener)
      return () => unsubscribe(`undici:client:${name}`, listener)
    })
    onTestFinished(() => listeners.forEach((stop) => stop()))
    await exchange(agent, { origin: server.origin })
    expect(told).toEqual([
      ['beforeConnect', 0, undefined],
      ['connected', 1, sockets[0]],
    ])
  })
})

describe('a connect function that fails', () => {
  const failing = [
    ['calls back with an error', (error: Error) => connecting((_to, back) => back(error, null))],
    ['does so later', (error: Error) => connecting((_to, back) => setImmediate(back, error, null))],
    [
      'throws',
      (error: Error) =>
        connecting(() => {
          throw error
        }),
    ],
  ] as const

  it.each(failing)('%s: the request and the event have that error', async (_name, make) => {
    const error = new Error('no way')
    const { connect, asked } = make(error)
    const agent = await useAgent({ connect })
    const events: unknown[] = []
    agent.on('connectionError', (origin, _targets, reason) => events.push([origin.origin, reason]))
    const origin = 'http://nowhere.test'
    const { error: got, terminalCalls } = await exchange(agent, { origin })
    expect(got).toBe(error)
    expect(terminalCalls).toBe(1)
    await until('the event', () => events.length === 1)
    expect(events).toEqual([[origin, error]])
    expect(asked).toHaveLength(1)
  })

  it('fails each request by a separate call', async () => {
    const { connect, asked } = connecting((_to, back, i) => back(new Error(`no ${i}`), null))
    const agent = await useAgent({ connect })
    const all = [1, 2, 3].map(() => exchange(agent, { origin: 'http://nowhere.test' }))
    const messages = (await Promise.all(all)).map(({ error }) => error?.message)
    expect(new Set(messages)).toEqual(new Set(['no 0', 'no 1', 'no 2']))
    expect(asked).toHaveLength(3)
  })

  it('fails all requests that wait for the one connection', async () => {
    const { connect, asked } = connecting((_to, back) => setImmediate(back, new Error('no'), null))
    const agent = await useAgent({ connect, connections: 1 })
    const all = [1, 2, 3].map(() => exchange(agent, { origin: 'http://nowhere.test' }))
    expect((await Promise.all(all)).map(({ error }) => error?.message)).toEqual(['no', 'no', 'no'])
    expect(asked).toHaveLength(1)
  })

  it('gives no socket', async () => {
    const { connect } = connecting((_to, back) => back(null, null))
    const { error } = await exchange(await useAgent({ connect }), { origin: 'http://nowhere.test' })
    expect(error?.code).toBe('ERR_ASSERTION')
  })

  it('gives something else', async () => {
    const { connect } = connecting((_to, back) => back(null, {} as Socket))
    const { error } = await exchange(await useAgent({ connect }), { origin: 'http://nowhere.test' })
    expect(error).toBeInstanceOf(TypeError)
  })

  // undici calls it again, endlessly.
  it.skipIf(agentKind === 'undici')('gives a socket that is destroyed', async () => {
    const server = await useHttp1((_request, response) => void response.end())
    const { connect } = connecting((to, back) => {
      open(to, {}, (error, socket) => back(error, socket?.destroy() ?? null))
    })
    const { error } = await exchange(await useAgent({ connect }), { origin: server.origin })
    expect(error).toBeInstanceOf(errors.SocketError)
    expect(error?.message).toBe('destroyed')
  })

  it('calls back twice: the first call counts', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const { connect } = connecting((to, back) => {
      open(to, {}, (error, socket) => {
        back(error, socket)
        back(error, socket)
      })
    })
    expect((await exchange(await useAgent({ connect }), { origin: server.origin })).text).toBe('ok')
  })

  it('never calls back: the request can be aborted, and the agent destroyed', async () => {
    const { connect, asked } = connecting(() => {})
    const agent = await useAgent({ connect })
    const waiting = dispatch(agent, { origin: 'http://nowhere.test' })
    await until('the call', () => asked.length === 1)
    const error = new Error('enough')
    await agent.destroy(error)
    expect((await waiting.done).error).toBe(error)
  })

  it('calls back after the agent was destroyed: the socket is destroyed', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const late = Promise.withResolvers<() => Socket>()
    const { connect } = connecting((to, back) => {
      open(to, {}, (error, socket) => {
        late.resolve(() => {
          back(error, socket)
          return socket as Socket
        })
      })
    })
    const agent = await useAgent({ connect })
    const waiting = dispatch(agent, { origin: server.origin })
    const give = await late.promise
    await agent.destroy()
    expect((await waiting.done).error).toBeInstanceOf(errors.ClientDestroyedError)
    expect(give().destroyed).toBe(true)
  })
})

describe('the socket of a connect function', () => {
  it('fails the request with its own error', async () => {
    const server = await useHttp1((_request, response) => void response.write('some'))
    const { connect, sockets } = counting()
    const agent = await useAgent({ connect })
    const recorder = dispatch(agent, { origin: server.origin })
    await recorder.seen('onResponseData')
    const error = new Error('cut')
    sockets[0]?.destroy(error)
    expect((await recorder.done).error).toBe(error)
    expect(recorder.text).toBe('some')
  })

  it('fails a body that ends with the connection', async () => {
    const server = await useRaw(async (peer) => {
      await peer.request()
      peer.socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsome')
    })
    const { connect, sockets } = counting()
    const recorder = dispatch(await useAgent({ connect }), { origin: server.origin })
    await recorder.seen('onResponseData')
    const error = new Error('cut')
    sockets[0]?.destroy(error)
    expect((await recorder.done).error).toBe(error)
  })

  it('that the program destroys is a SocketError', async () => {
    const server = await useHttp1((_request, response) => void response.write('some'))
    const { connect, sockets } = counting()
    const recorder = dispatch(await useAgent({ connect }), { origin: server.origin })
    await recorder.seen('onResponseData')
    sockets[0]?.destroy()
    const { error } = await recorder.done
    expect([error?.code, error?.message]).toEqual(['UND_ERR_SOCKET', 'closed'])
  })

  it('whose peer ends is described in the error', async () => {
    const server = await useRaw(async (peer) => {
      await peer.request()
      peer.socket.end()
    })
    const { connect } = counting()
    const { error } = await exchange(await useAgent({ connect }), { origin: server.origin })
    expect([error?.code, error?.message]).toEqual(['UND_ERR_SOCKET', 'other side closed'])
    expect(error?.['socket']).toMatchObject({
      localAddress: '127.0.0.1',
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      bytesWritten: expect.any(Number),
    })
  })

  // undici waits for ever.
  it.skipIf(agentKind === 'undici')('may be any Duplex', async () => {
    const { connect } = connecting((_to, back) => {
      const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
      const socket = new Duplex({
        read: () => {},
        write(chunk: Buffer, _encoding, done) {
          if (chunk.includes('\r\n\r\n')) setImmediate(() => this.push(answer))
          done()
        },
      })
      back(null, socket as Socket)
    })
    const agent = await useAgent({ connect, connections: 1 })
    for (let i = 0; i < 3; i += 1) {
      expect((await exchange(agent, { origin: 'http://memory.test' })).text).toBe('ok')
    }
  })
})
