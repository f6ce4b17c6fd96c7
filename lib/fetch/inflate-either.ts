import type { Buffer } from 'node:buffer'
import { Transform, type TransformCallback } from 'node:stream'
import * as zlib from 'node:zlib'

/** Like curl, decodes what has come so far, and accepts a body that breaks off. */
export const lenientInflate: zlib.ZlibOptions = {
  flush: zlib.constants.Z_SYNC_FLUSH,
  finishFlush: zlib.constants.Z_SYNC_FLUSH,
}

/**
 * Servers use `deflate` for two formats: zlib's, as the RFC says, and raw deflate. The first byte tells which it is.
 */
export class InflateEither extends Transform {
  #inflate: zlib.Inflate | zlib.InflateRaw | undefined

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    if (chunk.byteLength === 0) {
      callback()
      return
    }
    this.#inflate ??= this.#start(chunk)
    this.#inflate.write(chunk, callback)
  }

  override _final(callback: TransformCallback): void {
    if (this.#inflate === undefined) {
      callback()
      return
    }
    if (this.#inflate.readableEnded) {
      callback()
      return
    }
    this.#inflate.once('end', callback)
    this.#inflate.end()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#inflate?.destroy()
    callback(error)
  }

  #start(first: Buffer): zlib.Inflate | zlib.InflateRaw {
    const inflate = hasZlibHeader(first)
      ? zlib.createInflate(lenientInflate)
      : zlib.createInflateRaw(lenientInflate)
    inflate.on('data', (chunk: Buffer) => this.push(chunk))
    // Data may follow the end: zlib ignores it, and never calls back for it.
    inflate.on('end', () => this.push(null))
    inflate.on('error', (error) => this.destroy(error))
    return inflate
  }
}

export function hasZlibHeader(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 0x08
}
