/** The relay for bad networks does what it says, and the same for the same seed. */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { UdpRelay } from '../support/udp-relay.ts'
import type { UdpRelayOptions } from '../support/udp-relay.ts'
import { quiet, until } from '../support/wait.ts'

async function useSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return socket
}

/** A server that sends each datagram back, and a client, with the relay between them. */
async function useRelay(options?: UdpRelayOptions) {
  const server = await useSocket()
  const arrived: string[] = []
  const ports = new Set<number>()
  server.on('message', (bytes, from) => {
    arrived.push(String(bytes))
    ports.add(from.port)
    server.send(bytes, from.port, '127.0.0.1')
  })
  const relay = await UdpRelay.start(server.address().port, options)
  onTestFinished(() => relay.close())
  const client = await useSocket()
  const returned: string[] = []
  client.on('message', (bytes) => returned.push(String(bytes)))
  const send = (text: string): void => client.send(text, relay.port, '127.0.0.1')
  /** One after the other, so that the system cannot reorder or lose any. */
  const sendAll = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      send(String(n))
      await until('the relay has it', () => relay.toServer.received === n + 1)
    }
  }
  return { relay, send, sendAll, arrived, returned, ports }
}

const kMany = 200

describe('a relay of UDP', () => {
  it('passes everything in order in good weather', async () => {
    const { relay, sendAll, arrived, returned, ports } = await useRelay()
    await sendAll(kMany)
    const all = Array.from({ length: kMany }, (_none, n) => String(n))
    await until('all have returned', () => returned.length === kMany)
    expect(arrived).toEqual(all)
    expect(returned).toEqual(all)
    expect(ports.size).toBe(1)
    expect(relay.clients).toBe(1)
    expect(relay.toClient).toMatchObject({ received: kMany, forwarded: kMany, lost: 0 })
  })

  it('loses and repeats the same ones for the same seed', async () => {
    const runs: string[][] = []
    for (let run = 0; run < 2; run += 1) {
      const { relay, sendAll, arrived } = await useRelay({ seed: 7, loss: 0.1, duplicate: 0.1 })
      await sendAll(kMany)
      const { toServer } = relay
      await until('all have come', () => arrived.length === toServer.forwarded)
      expect(toServer.forwarded).toBe(kMany - toServer.lost + toServer.duplicated)
      runs.push(arrived)
    }
    const [first = [], second] = runs
    expect(second).toEqual(first)
    const lost = kMany - new Set(first).size
    expect(lost).toBeGreaterThan(5)
    expect(lost).toBeLessThan(40)
    expect(first.length).toBeGreaterThan(kMany - lost)
  })

  it('reorders, and loses none by that', async () => {
    const { relay, sendAll, arrived } = await useRelay({ seed: 3, reorder: 0.2 })
    await sendAll(kMany)
    await until('all have come', () => arrived.length === kMany)
    const numbers = arrived.map(Number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_number, n) => n))
    expect(numbers).not.toEqual(numbers.map((_number, n) => n))
    expect(relay.toServer.reordered).toBeGreaterThan(5)
  })

  it('delays', async () => {
    const { send, returned } = await useRelay({ delayMs: 40 })
    const start = performance.now()
    send('late')
    await until('it has returned', () => returned.length === 1)
    expect(performance.now() - start).toBeGreaterThanOrEqual(78)
  })

  it('goes dark in one direction or in both, and heals', async () => {
    const { relay, send, arrived, returned } = await useRelay()
    relay.goDark('toClient')
    send('one')
    await until('its answer is swallowed', () => relay.toClient.swallowed === 1)
    relay.goDark()
    send('two')
    await until('it is swallowed', () => relay.toServer.swallowed === 1)
    relay.heal()
    send('three')
    await until('it has returned', () => returned.length > 0)
    expect(arrived).toEqual(['one', 'three'])
    expect(returned).toEqual(['three'])
  })

  it('moves its clients to other ports', async () => {
    const { relay, send, returned, ports } = await useRelay()
    send('one')
    await until('it has returned', () => returned.length === 1)
    relay.rebind()
    send('two')
    await until('it has returned too', () => returned.length === 2)
    await quiet(20)
    expect(ports.size).toBe(2)
    expect(returned).toEqual(['one', 'two'])
  })
})
