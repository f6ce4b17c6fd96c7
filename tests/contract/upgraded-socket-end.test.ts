/** How an upgraded socket ends: written data arrives, and the peer's end is noticed, as with a Node socket. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import type { Peer } from '../support/servers/raw.ts'
import { within } from '../support/wait.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

interface Target {
  origin: string
}

async function useSwitching(
  isTls: boolean,
  behind: (peer: Peer) => void | Promise<void> = () => {},
): Promise<{ origin: string; peers: Peer[] }> {
  const peers: Peer[] = []
  const server = await useRaw(
    async (peer) => {
      peers.push(peer)
      await peer.head()
      peer.send(switching)
      await behind(peer)
    },
    { tls: isTls },
  )
  return { origin: server.origin, peers }
}

async function upgrade(agent: Dispatcher, origin: string): Promise<Socket> {
  const options = { origin, path: '/', protocol: 'echo' }
  return (await agent.upgrade(options)).socket as Socket
}

/** The bytes that the peer got after the head, when the connection has ended. */
async function receivedBy(peer: Peer): Promise<string> {
  await within('the end of the connection', peer.ended)
  return peer.log.slice(peer.log.indexOf('\r\n\r\n') + 4)
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('what is written to an upgraded socket right before its end, over %s,', (_name, isTls) => {
  const ways: [string, (socket: Socket) => void][] = [
    ['destroy()', (socket) => socket.write('last words') && socket.destroy()],
    ['destroy() with an error', (socket) => socket.write('last words') && socket.destroy(Error())],
    ['destroySoon()', (socket) => socket.write('last words') && socket.destroySoon()],
    ['end()', (socket) => void socket.end('last words')],
    [
      'destroy() behind a cork',
      (socket) => {
        socket.cork()
        socket.write('last ')
        socket.write('words')
        socket.uncork()
        socket.destroy()
      },
    ],
  ]
  it.each(ways)('arrives: %s', async (_way, end) => {
    const { origin, peers } = await useSwitching(isTls)
    const agent = await useAgent()
    // It was a race between two threads.
    for (let round = 0; round < 10; round += 1) {
      const socket = await upgrade(agent, origin)
      socket.on('error', () => {}).resume()
      end(socket)
      expect(await receivedBy(peers[round] as Peer)).toBe('last words')
    }
  })
})

describe("the peer's end of an upgraded socket", () => {
  it('is noticed even if nobody reads', async () => {
    const { origin, peers } = await useSwitching(false, (peer) => peer.fin())
    const socket = await upgrade(await useAgent(), origin)
    const seen: string[] = []
    for (const name of ['end', 'finish', 'close']) socket.on(name, () => seen.push(name))
    await within('the close', once(socket, 'close'))
    expect(seen).toEqual(['end', 'finish', 'close'])
    await within('the end of the connection', (peers[0] as Peer).ended)
  })

  it('waits for unread data', async () => {
    const { origin } = await useSwitching(false, (peer) => {
      peer.send('unread')
      peer.fin()
    })
    const agent = await useAgent()
    const socket = await upgrade(agent, origin)
    let ended = false
    socket.on('end', () => (ended = true))
    // Another one, which is read, has come to its end.
    const other = await upgrade(agent, origin)
    expect(await text(other)).toBe('unread')
    expect({ ended, destroyed: socket.destroyed }).toEqual({ ended: false, destroyed: false })
    expect(await text(socket)).toBe('unread')
  })

  it('lets the process end', async () => {
    const { origin } = await useSwitching(false, (peer) => peer.fin())
    const { code, said, stderr } = await runChild(waiting, { origin })
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['open', 'closed'], stderr: '' })

    async function waiting(kit: ChildKit, { origin }: Target): Promise<void> {
      const agent = await kit.createAgent()
      const options = { origin, path: '/', protocol: 'echo' }
      const { socket } = await agent.upgrade(options)
      kit.say('open')
      socket.on('close', () => kit.say('closed'))
    }
  })

  it('is an error if it is a reset', async () => {
    const { origin } = await useSwitching(false, async (peer) => {
      await peer.read(1)
      peer.reset()
    })
    const socket: Duplex = await upgrade(await useAgent(), origin)
    const failed = once(socket, 'error')
    socket.write('x')
    const [error] = (await within('the error', failed)) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(socket.destroyed).toBe(true)
  })
})
