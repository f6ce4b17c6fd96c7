import { Buffer } from 'node:buffer'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { socketError, type SocketInfo } from '../errors/socket-errors.ts'

/** A Duplex, with those properties of a net.Socket that it has. */
export type LinkedSocket = Duplex & Partial<Socket> & { alpnProtocol?: string | false | null }

/** undici's description of a socket, as its errors have it. */
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

/** What the errors of requests need to know about a link. */
export interface LinkFacts {
  /** the socket's addresses and byte counts, in the form of `failed` records */
  readonly ends: string
  /** why the socket can no longer be used */
  readonly error: Error | undefined
}

function addressesOf({ localAddress, localPort, remoteAddress, remotePort }: LinkedSocket): string {
  return [localAddress ?? '', localPort ?? 0, remoteAddress ?? '', remotePort ?? 0].join(' ')
}

const noBytes = Buffer.alloc(0)

/** How long the socket may still take to send its data after native has closed, in milliseconds. */
const longestFarewell = 1000

interface Listener {
  /** the socket has ended before the peer's data was complete */
  onBroken(link: Link): void
  /** both ends are closed */
  onClosed(link: Link): void
}

/**
 * Carries bytes between a JavaScript socket and a stream whose other end is native's, with back-pressure and half-close
 * in both directions. Neither of them keeps the process alive; a request in flight does.
 */
export class Link implements LinkFacts {
  readonly number: number
  readonly socket: LinkedSocket
  error: Error | undefined
  readonly #near: Socket
  /** kept because a closed socket has forgotten them */
  readonly #addresses: string
  readonly #listener: Listener
  /** whether the end of native's data closes the socket, instead of one half of it */
  #closesAtEnd: boolean
  #nativeEnded = false
  #closing = false
  #isClosed = false
  /** whether the socket has ended or failed */
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

  /** Native writes no more: the socket is closed when it has sent native's data. */
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
        // undici treats a reset as an ordinary end.
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

  // Reports the break after the data that was read from the socket.
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
