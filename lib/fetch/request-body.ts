import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { isFormData } from '../request/form-data.ts'
import { bytesSource, formSource, readSource, streamSource } from './request-source.ts'
import type { RequestSource } from './request-source.ts'

/** How many bytes of a Request's body are read ahead to see whether they are all of it. */
const mostAhead = 64 * 1024

const ownBoundary = /^multipart\/form-data; boundary=(-{4}formdata-undici-\d+)$/

/** Reads the body of a Request of undici, which knows what it was made from. Afterwards that body is used. */
export function sourceOfUndicis(
  body: { stream: ReadableStream<Uint8Array>; source: unknown; length: number | null },
  contentType: string | undefined,
): RequestSource {
  const source = knownSource(body.source, contentType)
  if (source === undefined) {
    return { ...streamSource(body.stream), length: body.length ?? -1 }
  }
  body.stream.cancel().catch(() => {})
  return source
}

function knownSource(source: unknown, contentType: string | undefined): RequestSource | undefined {
  if (source === null || source === undefined) {
    return undefined
  }
  if (typeof source === 'object' && isFormData(source)) {
    const boundary = ownBoundary.exec(contentType ?? '')?.[1]
    return boundary === undefined ? undefined : formSource(source, boundary)
  }
  return readSource(source, false)
}

/**
 * Reads a body of which only its stream is known. If it was made from bytes, these come at once, followed by the end. Then
 * they are sent as bytes, with their length.
 */
export async function sourceOfStream(stream: ReadableStream<Uint8Array>): Promise<RequestSource> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const late = new Promise<undefined>((resolve) => {
    setImmediate(resolve, undefined)
  })
  // A text, or other bytes, come as one chunk of any length.
  while (bytes < mostAhead || chunks.length === 1) {
    const next = reader.read()
    const result = await Promise.race([next, late])
    if (result === undefined) {
      return streamSource(rest(chunks, reader, next))
    }
    if (result.done) {
      return bytesSource(Buffer.concat(chunks), '')
    }
    if (!types.isUint8Array(result.value)) {
      break
    }
    chunks.push(result.value)
    bytes += result.value.byteLength
  }
  return streamSource(rest(chunks, reader, reader.read()))
}

function rest(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>,
): ReadableStream<Uint8Array> {
  let next = first
  const waiting = [...chunks]
  return new ReadableStream({
    async pull(source) {
      const chunk = waiting.shift()
      if (chunk !== undefined) {
        source.enqueue(chunk)
        return
      }
      const { done, value } = await next
      if (done) {
        source.close()
      } else {
        next = reader.read()
        source.enqueue(value)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
