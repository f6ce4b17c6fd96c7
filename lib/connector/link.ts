import { Buffer } from 'node:buffer'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { socketError, type SocketInfo } from '../errors/socket-errors.ts'

/** What a link reads of its socket, beside a Duplex: all of a net.Socket's, where it is one. */
export type LinkedSocket = Duplex & Partial<Socket> & { alpnProtocol?: string | false | null }

/** As undici tells of a socket. */
export function socketInfoOf(socket: LinkedSocket): SocketInfo {
  return {
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    remoteFamily: socket.remoteFamily,
    timeout: socket.timeout,
    bytesWritten: socket.bytesWritten ?? 0,
    bytesRead: socket.bytesRead ?? 0,
  }
}

/** What the errors of requests tell of a link. */
export interface LinkFacts {
  /** of its socket, in native's form: what `failed` records say of one */
  readonly ends: string
  /** why the socket is of no use any more */
  readonly error: Error | undefined
}

function addressesOf({ localAddress, localPort, remoteAddress, remotePort }: LinkedSocket): string {
  return [localAddress ?? '', localPort ?? 0, remoteAddress ?? '', remotePort ?? 0].join(' ')
}

const noBytes = Buffer.alloc(0)

/** How long what was written may still take when native has closed, in milliseconds. */
const longestFarewell = 1000

interface Listener {
  /** the socket will give no more, and has not given all */
  onBroken(link: Link): void
  /** both ends are closed */
  onClosed(link: Link): void
}

/**
 * Carries bytes between a socket of JavaScript's and native's end of a stream, with back-pressure and half-close, both ways.
 * Neither keeps the process alive: a request that is in flight does.
 */
export class Link implements LinkFacts {
  readonly number: number
  readonly socket: LinkedSocket
  error: Error | undefined
  readonly #near: Socket
  /** a socket that is closed does not tell them */
  readonly #addresses: string
  readonly #listener: Listener
  /** the end of what native writes is the end of it all, and no half-close */
  #closesAtEnd: boolean
  #nativeEnded = false
  #closing = false
  #isClosed = false
  /** the socket has said how it ends */
  #socketEnded = false

  constructor(
    number: number,
    socket: LinkedSocket,
    descriptor: number,
    closesAtEnd: boolean,
    listener: Listener,
  ) {
    this.number = number
    this.socket = socket
    this.#closesAtEnd = closesAtEnd
    this.#listener = listener
    this.#addresses = addressesOf(socket)
    this.#near = new Socket({ fd: descriptor, allowHalfOpen: true })
    this.#near.unref()
    socket.unref?.()
    this.#watchNear()
    this.#watchSocket()
  }

  get ends(): string {
    const { bytesWritten, bytesRead } = socketInfoOf(this.socket)
    return `${this.#addresses} ${bytesWritten} ${bytesRead}`
  }

  /** Native has closed, or will not write any more: at the end of what it has written the socket is closed. */
  closeAtEnd(): void {
    this.#closesAtEnd = true
    if (this.#nativeEnded) {
      this.#close()
    }
  }

  destroy(error: Error): void {
    this.#near.destroy()
    if (!this.socket.destroyed) {
      this.socket.destroy(error)
    }
  }

  #watchNear(): void {
    const { socket } = this
    this.#near
      .on('data', (chunk: Buffer) => {
        if (socket.writable && !socket.write(chunk)) {
          this.#near.pause()
        }
      })
      .on('drain', () => socket.resume())
      .on('end', () => {
        this.#nativeEnded = true
        if (this.#closesAtEnd) {
          this.#close()
        } else {
          socket.end()
        }
      })
      .on('error', () => this.#near.destroy())
      .on('close', () => this.#close())
  }

  #watchSocket(): void {
    const near = this.#near
    this.socket
      .on('data', (chunk: Buffer) => {
        if (near.writable && !near.write(chunk)) {
          this.socket.pause()
        }
      })
      .on('drain', () => near.resume())
      .on('end', () => {
        this.#socketEnded = true
        near.end()
      })
      .on('error', (error: Error & { code?: string }) => {
        this.error ??= error
        this.#socketEnded = true
        // To undici a reset is an end like any other.
        if (error.code === 'ECONNRESET') {
          near.end()
        } else {
          this.#break()
        }
      })
      .on('close', () => {
        if (!this.#socketEnded && !this.#closing) {
          this.error ??= socketError('closed', socketInfoOf(this.socket))
          this.#break()
        }
        this.#onEndClosed()
      })
  }

  // Behind what has been read of the socket.
  #break(): void {
    if (this.#near.writable) {
      this.#near.write(noBytes, () => this.#listener.onBroken(this))
    }
  }

  #close(): void {
    if (this.#closing) {
      return
    }
    this.#closing = true
    this.#near.destroy()
    const { socket } = this
    if (socket.destroyed) {
      this.#onEndClosed()
    } else if (socket.writable && socket.writableLength > 0) {
      const timer = setTimeout(() => socket.destroy(), longestFarewell)
      timer.unref()
      socket.end(() => {
        clearTimeout(timer)
        socket.destroy()
      })
    } else {
      socket.destroy()
    }
  }

  #onEndClosed(): void {
    if (this.#near.destroyed && this.socket.destroyed && !this.#isClosed) {
      this.#isClosed = true
      this.#listener.onClosed(this)
    }
  }
}
