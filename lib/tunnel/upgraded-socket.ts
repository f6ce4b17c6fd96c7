import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'
import { inContextOf } from '../compat/context-handler.ts'
import type { Handler } from '../compat/handler.ts'
import { PendingRequest } from '../flight/pending-request.ts'
import type { UploadControl } from '../flight/request-parts.ts'
import { SocketSetting } from '../native/contract.ts'
import type { TunnelConnection } from './tunnel.ts'
import { uploadWindow, type Upload } from '../upload/upload.ts'

type Callback = (error?: Error | null) => void

/**
 * The connection after the switch, as a Duplex; `onRequestUpgrade` gets it. Behind it is a PendingRequest that has
 * taken over native's id; this socket is that request's handler and upload.
 */
export class UpgradedSocket extends Duplex implements UploadControl {
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily: string | undefined
  // Other properties of a net.Socket.
  readonly connecting = false
  /** the argument of setTimeout(); undefined before it is called */
  timeout: number | undefined
  bytesRead = 0
  bytesWritten = 0
  readonly #request: PendingRequest
  readonly #unacknowledged = { bytes: 0 }
  /** the request's body while it is still being sent; writes go after it */
  #body: Upload | null
  /** a write, or the end, that waits for the body */
  #waiting: (() => void) | null = null
  #onWritten: Callback | null = null
  #onFinished: Callback | null = null
  #timer: NodeJS.Timeout | undefined

  /** The first argument is the request that has switched; `body` is its body, if that is a stream. */
  constructor(
    { handler, origin, table }: PendingRequest,
    { ends }: TunnelConnection,
    body: Upload | null,
  ) {
    super({ allowHalfOpen: false })
    this.localAddress = ends?.localAddress
    this.localPort = ends?.localPort
    this.remoteAddress = ends?.remoteAddress
    this.remotePort = ends?.remotePort
    this.remoteFamily = ends?.remoteFamily
    this.#request = new PendingRequest(inContextOf(handler, this.#handler()), origin, table)
    this.#request.upload = this
    this.#body = body
    body?.goOnFor(this.#request, () => this.#onBodyComplete(body))
  }

  /** The PendingRequest that has replaced the one that switched. */
  get request(): PendingRequest {
    return this.#request
  }

  onWanted(bytes: number): void {
    if (this.#body !== null) {
      this.#body.onWanted(bytes)
      return
    }
    this.#unacknowledged.bytes -= bytes
    const onWritten = this.#onWritten
    if (onWritten !== null && this.#unacknowledged.bytes < uploadWindow) {
      this.#onWritten = null
      onWritten()
    }
    const onFinished = this.#onFinished
    if (onFinished !== null && this.#unacknowledged.bytes <= 0) {
      this.#onFinished = null
      onFinished()
    }
  }

  onPeerEnd(): void {
    this.push(null)
    // If nothing is left to read, read(0) ends a socket that nobody reads. It is called later, so that a user who got
    // the socket by a promise can listen first.
    setImmediate(() => this.read(0))
  }

  /** The response has come before this socket was made. */
  onAnswer(): void {}

  stop(error?: unknown): void {
    this.#body?.stop(error)
  }

  address(): object {
    const { localAddress: address, localPort: port } = this
    return address === undefined
      ? {}
      : { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' }
  }

  setNoDelay(noDelay = true): this {
    this.#set(noDelay ? SocketSetting.noDelay : SocketSetting.delay, 0)
    return this
  }

  /** `initialDelay` is in milliseconds; `0` does not change it. */
  setKeepAlive(enable = false, initialDelay = 0): this {
    const seconds = Math.max(Math.trunc(initialDelay / 1000) || 0, 0)
    this.#set(enable ? SocketSetting.keepAlive : SocketSetting.noKeepAlive, seconds)
    return this
  }

  ref(): this {
    this.#setReferenced(true)
    return this
  }

  unref(): this {
    this.#setReferenced(false)
    return this
  }

  get pending(): boolean {
    return this.destroyed
  }

  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.readable) {
      return this.writable ? 'open' : 'readOnly'
    }
    return this.writable ? 'writeOnly' : 'closed'
  }

  /** Destroys the socket when all writes have been sent. */
  destroySoon(): void {
    if (this.writable) {
      this.end()
    }
    if (this.writableFinished) {
      this.destroy()
    } else {
      this.once('finish', () => this.destroy())
    }
  }

  /** Destroys the socket so that the peer gets a reset. */
  resetAndDestroy(): this {
    this.#set(SocketSetting.resetOnClose, 0)
    return this.destroy()
  }

  setTimeout(milliseconds: number, callback?: () => void): this {
    this.timeout = milliseconds
    if (callback !== undefined && milliseconds === 0) {
      this.off('timeout', callback)
    } else if (callback !== undefined) {
      this.once('timeout', callback)
    }
    this.#onActivity()
    return this
  }

  override _read(): void {
    this.#request.resume()
  }

  /** undici's WebSocket corks a frame's head and payload together, so they become one write. */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk))
    this._write(bytes, 'utf8', callback)
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: Callback): void {
    if (this.#body !== null) {
      this.#waiting = () => this._write(chunk, encoding, callback)
      return
    }
    this.bytesWritten += chunk.length
    this.#unacknowledged.bytes += chunk.length
    this.#onActivity()
    this.#request.writeBody(chunk, chunk)
    if (this.#unacknowledged.bytes < uploadWindow) {
      callback()
    } else {
      this.#onWritten = callback
    }
  }

  override _final(callback: Callback): void {
    if (this.#body !== null) {
      this.#waiting = () => this._final(callback)
      return
    }
    this.#onFinished = callback
    this.#request.endBody()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer)
    this.#request.stop(error)
    callback(error)
  }

  #onBodyComplete(body: Upload): void {
    this.#body = null
    this.#unacknowledged.bytes = body.unacknowledged
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.()
  }

  #set(setting: number, value: number): void {
    const { id, table } = this.#request
    if (id !== 0) {
      table.setSocket(id, setting, value)
    }
  }

  #setReferenced(isReferenced: boolean): void {
    const { id, table } = this.#request
    if (id !== 0) {
      table.client.setReferenced(id, isReferenced)
    }
  }

  #onData(chunk: Buffer): void {
    this.bytesRead += chunk.length
    this.#onActivity()
    if (!this.push(chunk)) {
      this.#request.pause()
    }
  }

  #onActivity(): void {
    clearTimeout(this.#timer)
    const { timeout = 0 } = this
    if (timeout > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), timeout)
      this.#timer.unref()
    }
  }

  #handler(): Handler {
    return {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData: (_controller, chunk) => this.#onData(chunk),
      onResponseEnd: () => this.onPeerEnd(),
      onResponseError: (_controller, error) => {
        this.destroy(error)
      },
    }
  }
}
