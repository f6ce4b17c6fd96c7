import { EventType } from '../../lib/native/contract.ts'

export const responseHeaders = [
  ['Server', 'nginx'],
  ['Date', 'Sat, 01 Jan 2000 00:00:00 GMT'],
  ['Content-Type', 'application/json; charset=utf-8'],
  ['Content-Length', '100'],
  ['Connection', 'keep-alive'],
  ['Cache-Control', 'private, max-age=0, must-revalidate'],
  ['ETag', '"64-F3jK0pQx8uGm2cVh7sWnYbTzLdE"'],
  ['Vary', 'Accept-Encoding, Origin'],
  ['X-Request-Id', '0c7a9ed8-6d3f-4f37-9a5b-0f6a1f3f7f10'],
] as const

export interface EncodedBatch {
  readonly words: Uint32Array
  readonly text: string
  readonly slab: Uint8Array
}

/** Encodes a batch as native does, with whole responses of 100 bytes for the ids from 1 to `count`. */
export function encodeResponses(count: number): EncodedBatch {
  const words: number[] = []
  const lengths = responseHeaders.flatMap(([name, value]) => [name.length, value.length])
  for (let id = 1; id <= count; id += 1) {
    words.push(
      EventType.responseStart,
      id,
      200,
      11,
      'OK'.length,
      responseHeaders.length,
      ...lengths,
    )
    words.push(EventType.data, id, 100)
    words.push(EventType.end, id, 0)
  }
  const text = `OK${responseHeaders.flat().join('')}`.repeat(count)
  return { words: Uint32Array.from(words), text, slab: new Uint8Array(100 * count) }
}
