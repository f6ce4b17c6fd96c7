import { Buffer } from 'node:buffer'
import { isDisturbed } from './disturbed.ts'
import { types } from 'node:util'
import { encodeMultipart, isFormData, multipartChunks } from '../request/form-data.ts'

/** The body of a request of fetch(). */
export interface RequestSource {
  /** content-type of its own; empty: none */
  readonly type: string
  /** bytes; -1: not known */
  readonly length: number
  /** it can be sent again after a redirect */
  readonly isReplayable: boolean
  /** what `dispatch()` is given */
  open(): Uint8Array | AsyncIterable<Uint8Array>
  /** The request is over: nobody will read on. */
  cancel(reason: unknown): void
}

const ignore = (): void => {}

/**
 * Reads `init.body`. undefined: it is not what fetch() takes. `mayStream`: `duplex` was given, without which there is no
 * body that is read while it is sent.
 */
export function readSource(body: unknown, mayStream: boolean): RequestSource | undefined {
  if (typeof body === 'string') {
    return bytesSource(Buffer.from(body), 'text/plain;charset=UTF-8')
  }
  if (typeof body !== 'object' || body === null) {
    return typeof body === 'symbol' ? undefined : readSource(String(body), mayStream)
  }
  if (body instanceof URLSearchParams) {
    return bytesSource(
      Buffer.from(body.toString()),
      'application/x-www-form-urlencoded;charset=UTF-8',
    )
  }
  if (types.isArrayBuffer(body)) {
    return bytesSource(Buffer.from(new Uint8Array(body)), '')
  }
  if (ArrayBuffer.isView(body)) {
    return types.isSharedArrayBuffer(body.buffer)
      ? undefined
      : bytesSource(Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength)), '')
  }
  if (isFormData(body)) {
    const { parts, length, contentType } = encodeMultipart(body)
    return replayable(() => multipartChunks(parts), length, contentType)
  }
  if (body instanceof Blob) {
    return replayable(() => body.stream(), body.size, body.type)
  }
  if (body instanceof ReadableStream) {
    const isUsable = mayStream && !body.locked && !isDisturbed(body)
    return isUsable ? streamSource(body) : undefined
  }
  if (Symbol.asyncIterator in body) {
    return mayStream
      ? streamSource(ReadableStream.from(body as AsyncIterable<Uint8Array>))
      : undefined
  }
  return readSource(textOf(body), mayStream)
}

// Of whatever else a program may give, fetch() sends what its toString() says.
const textOf = String as (value: object) => string

/** `bytes` are nobody else's. */
export function bytesSource(bytes: Uint8Array, type: string): RequestSource {
  return {
    type,
    length: bytes.byteLength,
    isReplayable: true,
    open: () => bytes,
    cancel: ignore,
  }
}

function replayable(
  open: () => AsyncIterable<Uint8Array>,
  length: number,
  type: string,
): RequestSource {
  return { type, length, isReplayable: true, open, cancel: ignore }
}

/** A web stream, which is read once. */
export function streamSource(stream: ReadableStream): RequestSource {
  let reader: ReadableStreamDefaultReader | undefined
  let isOver = false
  return {
    type: '',
    length: -1,
    isReplayable: false,
    open() {
      reader = stream.getReader()
      return chunksOf(reader)
    },
    cancel(reason) {
      if (!isOver) {
        isOver = true
        const cancelled = reader === undefined ? stream.cancel(reason) : reader.cancel(reason)
        cancelled.catch(ignore)
      }
    },
  }
}

async function* chunksOf(reader: ReadableStreamDefaultReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) {
      return
    }
    if (!types.isUint8Array(value)) {
      const error = new TypeError('Received non-Uint8Array chunk')
      reader.cancel(error).catch(ignore)
      throw error
    }
    yield value
  }
}
