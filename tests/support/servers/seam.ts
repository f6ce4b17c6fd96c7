/**
 * Stands between a TLSSocket and its TCP socket and holds encrypted bytes, so that several records leave in one
 * segment.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class Seam extends Duplex {
  readonly socket: Socket
  #held: Buffer[] | undefined

  constructor(socket: Socket) {
    super()
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', () => this.destroy())
    socket.on('close', () => this.destroy())
  }

  hold(): void {
    this.#held = []
  }

  /** Resolves when the kernel has all of it. */
  release(): Promise<void> {
    const bytes = Buffer.concat(this.#held ?? [])
    this.#held = undefined
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve())
    })
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#held) {
      this.#held.push(chunk)
      done()
    } else this.socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy()
    done(error)
  }
}
