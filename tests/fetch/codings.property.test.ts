/** Whatever a server says of its body's coding, and whatever it sends, the same comes of it as with undici's fetch. */
import { createHash } from 'node:crypto'
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { expect, it } from 'vitest'
import { random, seedOf, type Random } from '../support/random.ts'
import { shownError, useOrigins, type Which } from './property.ts'

const kCalls = 120

const encoders: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  GZip: gzipSync,
  deflate: deflateSync,
  'deflate ': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

interface Call {
  readonly coding: string
  readonly pieces: readonly Uint8Array[]
  readonly hasLength: boolean
  readonly method: string
  readonly status: number
  readonly read: 'text' | 'bytes' | 'blob' | 'stream' | 'clone' | 'json'
}

let current: Call

const origins = useOrigins((_request, response) => {
  const { coding, pieces, hasLength, status } = current
  response.setHeader('content-encoding', coding)
  if (hasLength) response.setHeader('content-length', Buffer.concat(pieces).byteLength)
  response.writeHead(status)
  const write = (i: number): void => {
    const piece = pieces[i]
    if (piece === undefined) response.end()
    else response.write(piece, () => setImmediate(write, i + 1))
  }
  write(0)
})

const kinds = ['whole', 'whole', 'whole', 'cut', 'damaged', 'more', 'plain', 'nothing'] as const

function drawCall(draw: Random): Call {
  const names = Array.from({ length: draw.pick([1, 1, 1, 1, 2, 2, 3, 5, 6]) }, () =>
    draw.pick(Object.keys(encoders)),
  )
  const size = draw.pick([0, 1, 100, 1000, 20_000, 300_000])
  const plain = Buffer.alloc(size, draw.pick(['a', 'abc \u00e4 ', '{"a":1}']))
  for (let i = 0; i < size / 10; i++) plain[draw.below(size)] = 32 + draw.below(90)
  let bytes: Uint8Array = plain
  for (const name of names) bytes = encoders[name]?.(bytes) ?? bytes
  const kind = draw.pick(kinds)
  if (kind === 'cut') bytes = bytes.subarray(0, draw.below(bytes.length))
  if (kind === 'damaged') bytes[draw.below(bytes.length)] = draw.below(256)
  if (kind === 'more') bytes = Buffer.concat([bytes, Buffer.from('more')])
  if (kind === 'plain') bytes = plain
  if (kind === 'nothing') bytes = Buffer.alloc(0)
  const claimed = draw.chance(0.1) ? draw.pick(['identity', 'x', '', ',', 'gzip,', ' ']) : undefined
  const pieces: Uint8Array[] = []
  const count = draw.pick([1, 1, 2, 5])
  for (let i = 0; i < count; i++) {
    const [from, to] = [i, i + 1].map((part) => Math.floor((bytes.length * part) / count))
    pieces.push(bytes.subarray(from, to))
  }
  return {
    coding: claimed ?? names.join(draw.pick([',', ', ', ' , '])),
    pieces: pieces.filter((piece) => piece.length > 0),
    hasLength: draw.chance(0.5),
    method: draw.chance(0.05) ? 'HEAD' : 'GET',
    status: draw.pick([200, 200, 200, 206, 404, 204, 304]),
    read: draw.pick(['text', 'bytes', 'blob', 'stream', 'clone', 'json']),
  }
}

function digest(bytes: string | ArrayBuffer | Uint8Array): string {
  const data = typeof bytes === 'string' ? bytes : new Uint8Array(bytes)
  return `${data.length} ${createHash('sha256').update(data).digest('hex')}`
}

async function readBody(response: Response, read: Call['read']): Promise<unknown> {
  switch (read) {
    case 'text':
      return digest(await response.text())
    case 'bytes':
      return digest(await response.bytes())
    case 'blob':
      return digest(await (await response.blob()).arrayBuffer())
    case 'json':
      return response.json()
    case 'clone': {
      const clone = response.clone()
      return (await Promise.all([response.text(), clone.text()])).map(digest)
    }
    default: {
      const chunks: Uint8Array[] = []
      for await (const chunk of response.body ?? []) chunks.push(chunk)
      return digest(Buffer.concat(chunks))
    }
  }
}

async function run(which: Which, call: Call): Promise<unknown> {
  current = call
  const { method, read } = call
  const response = await origins.fetch(which, origins.base, { method }).catch(shownError)
  if (!(response instanceof Response || typeof (response as Response).text === 'function')) {
    return response
  }
  const { status, headers } = response as Response
  const body = await readBody(response as Response, read).catch((error: unknown) => {
    // zlib's own words differ between its streams and its functions.
    const { name, message } = shownError(error) as { name: string; message: string }
    return [name, message]
  })
  return { status, coding: headers.get('content-encoding'), body }
}

it('any coding comes to the same as with undici', async () => {
  const seed = seedOf('codings of fetch()')
  for (let i = 0; i < kCalls; i++) {
    const call = drawCall(random(seed, i))
    const theirs = await run('undici', call)
    const ours = await run('ours', call)
    const { pieces, ...others } = call
    const lengths = pieces.map((piece) => piece.length)
    expect({ i, ...others, lengths, ours }).toEqual({ i, ...others, lengths, ours: theirs })
  }
})
