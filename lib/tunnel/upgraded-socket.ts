import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'
import type { SocketInfo } from '../errors/errors.ts'
import type { Handler } from '../compat/handler.ts'
import type { Origin } from '../origins/origins.ts'
import { PendingRequest } from '../flight/pending-request.ts'
import type { UploadControl } from '../flight/request-parts.ts'
import type { RequestTable } from '../flight/request-table.ts'
import { uploadWindow } from '../upload/upload.ts'

type Callback = (error?: Error | null) => void

/**
 * What `onRequestUpgrade` is given: the connection after the switch, as a Duplex. Its other half is a PendingRequest
 * that took over native's id, and whose handler and upload it is.
 */
export class UpgradedSocket extends Duplex implements UploadControl {
  readonly encrypted: boolean
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily: string | undefined
  // What else a net.Socket tells of itself.
  readonly connecting = false
  /** as setTimeout() was told; undefined: not yet */
  timeout: number | undefined
  bytesRead = 0
  bytesWritten = 0
  readonly #request: PendingRequest
  readonly #unacknowledged = { bytes: 0 }
  #onWritten: Callback | null = null
  #onFinished: Callback | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(origin: Origin, table: RequestTable, ends: SocketInfo | null) {
    super({ allowHalfOpen: false })
    this.encrypted = origin.isTls
    this.localAddress = ends?.localAddress
    this.localPort = ends?.localPort
    this.remoteAddress = ends?.remoteAddress
    this.remotePort = ends?.remotePort
    this.remoteFamily = ends?.remoteFamily
    this.#request = new PendingRequest(this.#handler(), origin, table)
    this.#request.upload = this
  }

  /** What stands in the place of the request that led here. */
  get request(): PendingRequest {
    return this.#request
  }

  onWanted(bytes: number): void {
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
  }

  /** Its answer has come before. */
  onAnswer(): void {}

  /** Nothing to stop: the user writes when he likes. */
  stop(): void {}

  address(): object {
    const { localAddress: address, localPort: port } = this
    return address === undefined
      ? {}
      : { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' }
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
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

  /** Destroys it when all that was written is sent. */
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

  /** The peer sees an end; native closes without a reset. */
  resetAndDestroy(): this {
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

  /** What was corked together, as undici's WebSocket does with a frame's head and its payload. */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk))
    this._write(bytes, 'utf8', callback)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
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
    this.#onFinished = callback
    this.#request.endBody()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer)
    this.#request.stop(error)
    callback(error)
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
