import type { Buffer } from 'node:buffer'
import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { hasZlibHeader, InflateEither, lenientInflate } from './inflate-either.ts'

/** A response with more codings is refused, as in undici. */
const mostCodings = 5

const brotliOptions = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
}
// RFC 9659, 3: the largest window that a server may use is 8 MB.
const zstdOptions = {
  flush: zlib.constants.ZSTD_e_continue,
  finishFlush: zlib.constants.ZSTD_e_end,
  params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 },
}

interface Coding {
  decode(bytes: Buffer): Promise<Buffer>
  decodeSync(bytes: Buffer): Buffer
  stream(): Transform
}

const gzip: Coding = {
  decode: (bytes) => promisify(zlib.gunzip)(bytes, lenientInflate),
  decodeSync: (bytes) => zlib.gunzipSync(bytes, lenientInflate),
  stream: () => zlib.createGunzip(lenientInflate),
}

const deflate: Coding = {
  decode: (bytes) =>
    promisify(hasZlibHeader(bytes) ? zlib.inflate : zlib.inflateRaw)(bytes, lenientInflate),
  decodeSync: (bytes) =>
    hasZlibHeader(bytes)
      ? zlib.inflateSync(bytes, lenientInflate)
      : zlib.inflateRawSync(bytes, lenientInflate),
  stream: () => new InflateEither(),
}

const brotli: Coding = {
  decode: (bytes) => promisify(zlib.brotliDecompress)(bytes, brotliOptions),
  decodeSync: (bytes) => zlib.brotliDecompressSync(bytes, brotliOptions),
  stream: () => zlib.createBrotliDecompress(brotliOptions),
}

const zstd: Coding = {
  decode: (bytes) => promisify(zlib.zstdDecompress)(bytes, zstdOptions),
  decodeSync: (bytes) => zlib.zstdDecompressSync(bytes, zstdOptions),
  stream: () => zlib.createZstdDecompress(zstdOptions),
}

const byName = new Map<string, Coding>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', brotli],
  ['zstd', zstd],
])

/** Up to this size decoding on this thread is faster than in the thread pool. */
const mostAtOnce = 16 * 1024

/** Undoes the content codings of a response's body, the last one first. */
export class ContentDecoder {
  readonly #codings: readonly Coding[]

  constructor(codings: readonly Coding[]) {
    this.#codings = codings
  }

  /** Decodes a whole body. */
  decode(bytes: Buffer): Buffer | Promise<Buffer> {
    return bytes.byteLength <= mostAtOnce && this.#codings.length === 1
      ? (this.#codings[0] as Coding).decodeSync(bytes)
      : this.#decodeInTurn(bytes)
  }

  streams(): Transform[] {
    return this.#codings.map((coding) => coding.stream())
  }

  async #decodeInTurn(bytes: Buffer): Promise<Buffer> {
    let decoded = bytes
    for (const coding of this.#codings) {
      decoded = await coding.decode(decoded)
    }
    return decoded
  }
}

/** Returns undefined if there is nothing to decode, or if a coding is unknown. Throws if there are too many codings. */
export function contentDecoder(contentEncoding: string): ContentDecoder | undefined {
  const names = contentEncoding.toLowerCase().split(',')
  if (names.length > mostCodings) {
    throw new Error(
      `too many content-encodings in response: ${names.length}, maximum allowed is ${mostCodings}`,
    )
  }
  const codings: Coding[] = []
  for (const name of names.toReversed()) {
    const coding = byName.get(name.trim())
    if (coding === undefined) {
      return undefined
    }
    codings.push(coding)
  }
  return new ContentDecoder(codings)
}
