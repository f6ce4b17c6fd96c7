/**
 * A relay between client and server that a test controls: it forwards TCP, swallows it, slows it down, or refuses it.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class Relay {
  readonly port: number
  #server: Server
  readonly #to: number
  readonly #pairs = new Set<{ near: Socket; far: Socket }>()
  #isDark = false
  #piece = Infinity

  private constructor(server: Server, to: number) {
    this.#server = server
    this.#to = to
    this.port = (server.address() as AddressInfo).port
    this.#accept(server)
  }

  static async start(to: number): Promise<Relay> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Relay(server, to)
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** From here on nothing arrives, in either direction, but connections are still accepted. */
  goDark(): void {
    this.#isDark = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** The held bytes arrive. */
  heal(): void {
    this.#isDark = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  /** Forwards `piece` bytes at a time, each in its own turn of the event loop. */
  dribble(piece: number): void {
    this.#piece = piece
  }

  /** Resets all connections. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  /** Stops listening; existing connections go on. */
  async refuse(): Promise<void> {
    this.#server.close()
    this.reset()
    await once(this.#server, 'close')
  }

  async listenAgain(): Promise<void> {
    this.#server = createServer().listen(this.port, '127.0.0.1')
    this.#accept(this.#server)
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
    if (this.#server.listening) {
      this.#server.close()
      await once(this.#server, 'close')
    }
  }

  #accept(server: Server): void {
    server.on('connection', (near: Socket) => {
      const far = connect(this.#to, '127.0.0.1')
      const pair = { near, far }
      this.#pairs.add(pair)
      this.#forward(near, far, pair)
      this.#forward(far, near, pair)
    })
  }

  #forward(from: Socket, to: Socket, pair: { near: Socket; far: Socket }): void {
    from.setNoDelay(true)
    from.on('data', (chunk: Buffer) => {
      if (chunk.length <= this.#piece) to.write(chunk)
      else void this.#passInPieces(chunk, from, to)
    })
    from.on('end', () => to.end())
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#pairs.delete(pair)
      to.destroy()
    })
    if (this.#isDark) from.pause()
  }

  async #passInPieces(chunk: Buffer, from: Socket, to: Socket): Promise<void> {
    from.pause()
    for (let at = 0; at < chunk.length; at += this.#piece) {
      to.write(chunk.subarray(at, at + this.#piece))
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    if (!this.#isDark) from.resume()
  }
}
