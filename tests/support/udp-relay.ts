/**
 * A relay of UDP datagrams between clients and one server, for bad networks: it loses, repeats, delays and reorders as
 * its seed says, goes dark, and moves clients to other ports as a NAT does. What happens to datagram number n of a
 * direction depends only on the seed and n.
 */
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { once } from 'node:events'
import { random } from './random.ts'
import type { Random } from './random.ts'

export interface Weather {
  /** The share of datagrams that are lost, from 0 to 1. Default: 0. */
  readonly loss?: number
  /** The share that arrive twice. Default: 0. */
  readonly duplicate?: number
  /** The share that arrive behind the next datagram. Default: 0. */
  readonly reorder?: number
  /** For each direction, in milliseconds. Default: 0. */
  readonly delayMs?: number
}

/** Counts of datagrams. */
export interface Counts {
  received: number
  forwarded: number
  lost: number
  duplicated: number
  reordered: number
  /** Those that came while the relay was dark. */
  swallowed: number
}

export type Direction = 'toServer' | 'toClient'

export interface UdpRelayOptions extends Weather {
  readonly seed?: number
}

// A datagram is sent after this time if none follows that it could be behind.
const kLongestHoldMs = 20

class Way {
  readonly counts: Counts = {
    received: 0,
    forwarded: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    swallowed: 0,
  }
  isDark = false
  weather: Weather
  readonly #random: Random
  #held: (() => void) | undefined

  constructor(weather: Weather, random: Random) {
    this.weather = weather
    this.#random = random
  }

  pass(send: () => void): void {
    const { loss = 0, duplicate = 0, reorder = 0 } = this.weather
    // All are drawn for each datagram, so that none depends on another's share.
    const [isLost, isTwice, isLate] = [loss, duplicate, reorder].map((share) =>
      this.#random.chance(share),
    )
    const { counts } = this
    counts.received += 1
    if (this.isDark) {
      counts.swallowed += 1
    } else if (isLost) {
      counts.lost += 1
    } else if (isLate && !this.#held) {
      counts.reordered += 1
      this.#hold(send)
    } else {
      this.#forward(send)
      if (isTwice) {
        counts.duplicated += 1
        this.#forward(send)
      }
      this.#held?.()
    }
  }

  #hold(send: () => void): void {
    const release = (): void => {
      clearTimeout(timer)
      this.#held = undefined
      this.#forward(send)
    }
    const timer = setTimeout(release, kLongestHoldMs)
    this.#held = release
  }

  #forward(send: () => void): void {
    this.counts.forwarded += 1
    const { delayMs = 0 } = this.weather
    if (delayMs > 0) setTimeout(send, delayMs)
    else send()
  }
}

export class UdpRelay {
  readonly port: number
  readonly #near: Socket
  readonly #to: number
  readonly #ways: Record<Direction, Way>
  /** The socket towards the server of each client, by the client's port. */
  readonly #far = new Map<number, Promise<Socket>>()
  readonly #sockets: Socket[]
  #isClosed = false

  private constructor(near: Socket, to: number, options: UdpRelayOptions) {
    const seed = options.seed ?? 1
    this.#near = near
    this.#to = to
    this.port = near.address().port
    this.#sockets = [near]
    this.#ways = {
      toServer: new Way(options, random(seed, 0)),
      toClient: new Way(options, random(seed, 1)),
    }
    near.on('message', (bytes, client) => void this.#onMessage(bytes, client))
  }

  /** Relays to `to`, a port of this machine. */
  static async start(to: number, options: UdpRelayOptions = {}): Promise<UdpRelay> {
    return new UdpRelay(await bound(), to, options)
  }

  get toServer(): Readonly<Counts> {
    return this.#ways.toServer.counts
  }

  get toClient(): Readonly<Counts> {
    return this.#ways.toClient.counts
  }

  /** The number of clients, by their ports. */
  get clients(): number {
    return this.#far.size
  }

  setWeather(weather: Weather): void {
    for (const way of Object.values(this.#ways)) way.weather = weather
  }

  /** From now on nothing arrives, or nothing in this direction. */
  goDark(direction?: Direction): void {
    this.#setDark(true, direction)
  }

  heal(direction?: Direction): void {
    this.#setDark(false, direction)
  }

  /** From now on the server sees its clients at other ports; what it sends to the old ones is lost. */
  rebind(): void {
    for (const client of this.#far.keys()) this.#far.set(client, this.#open(client))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#far.values())
    for (const socket of this.#sockets) socket.close()
  }

  #setDark(isDark: boolean, direction?: Direction): void {
    for (const [name, way] of Object.entries(this.#ways)) {
      if (direction === undefined || name === direction) way.isDark = isDark
    }
  }

  async #onMessage(bytes: Buffer, client: RemoteInfo): Promise<void> {
    let far = this.#far.get(client.port)
    if (!far) {
      far = this.#open(client.port)
      this.#far.set(client.port, far)
    }
    const socket = await far
    this.#ways.toServer.pass(() => this.#send(socket, bytes, this.#to))
  }

  async #open(client: number): Promise<Socket> {
    const socket = await bound()
    this.#sockets.push(socket)
    const back = async (bytes: Buffer): Promise<void> => {
      const isCurrent = (await this.#far.get(client)) === socket
      if (isCurrent) this.#ways.toClient.pass(() => this.#send(this.#near, bytes, client))
    }
    socket.on('message', (bytes) => void back(bytes))
    return socket
  }

  #send(socket: Socket, bytes: Buffer, port: number): void {
    if (!this.#isClosed) socket.send(bytes, port, '127.0.0.1')
  }
}

/** A port where nothing listens, so that the system refuses each datagram. */
export async function refusedUdpPort(): Promise<number> {
  const socket = await bound()
  const { port } = socket.address()
  socket.close()
  return port
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22, sendBufferSize: 1 << 22 })
  socket.on('error', () => {})
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}
