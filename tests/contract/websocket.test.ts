/** undici's WebSocket over the Agent, against `ws`. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import type { WebSocket as Peer } from 'ws'
import { useAgent } from '../support/fixtures.ts'

async function useEcho(
  perMessageDeflate: boolean,
): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate,
    maxPayload: 64 * 1024 * 1024,
  })
  server.on('connection', (socket) => {
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { dispatcher: await useAgent() })
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', (event) => reject(event.error))
  })
  return socket
}

function message(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.addEventListener('message', (event) => resolve(event.data), { once: true })
  })
}

describe.each([
  ['without compression', false],
  ['with permessage-deflate', true],
])('WebSocket %s', (_name, deflates) => {
  it('echoes text, binary and 16 MB', async () => {
    const { url } = await useEcho(deflates)
    const socket = await open(url)
    expect(socket.extensions.includes('permessage-deflate')).toBe(deflates)
    socket.send('héllo')
    expect(await message(socket)).toBe('héllo')
    socket.send(new Uint8Array([0, 255, 128]))
    expect(new Uint8Array((await message(socket)) as ArrayBuffer)).toEqual(
      new Uint8Array([0, 255, 128]),
    )
    const large = Buffer.alloc(16 * 1024 * 1024, '0123456789abcdef!')
    socket.send(large)
    expect(Buffer.from((await message(socket)) as ArrayBuffer).equals(large)).toBe(true)
  })
})

describe('WebSocket', () => {
  it('puts fragments together and answers a ping', async () => {
    const { url, server } = await useEcho(false)
    const connected = once(server, 'connection')
    const socket = await open(url)
    const [peer] = (await connected) as [Peer]
    const got = message(socket)
    peer.send('one ', { fin: false })
    peer.send('two', { fin: true })
    expect(await got).toBe('one two')
    const pong = once(peer, 'pong')
    peer.ping('x')
    expect(String((await pong)[0])).toBe('x')
  })

  it.each(['client', 'server'])('carries the close code of the %s', async (side) => {
    const { url, server } = await useEcho(false)
    const connected = once(server, 'connection')
    const socket = await open(url)
    const [peer] = (await connected) as [Peer]
    const peerClosed = once(peer, 'close')
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
    })
    if (side === 'client') {
      socket.close(4001, 'done')
    } else {
      peer.close(4001, 'done')
    }
    expect(await closed).toEqual({ code: 4001, reason: 'done' })
    expect((await peerClosed)[0]).toBe(4001)
  })
})
