import { Buffer } from 'node:buffer'
import { isDisturbed } from '../answer/disturbed.ts'
import { types } from 'node:util'
import {
  encodeMultipart,
  isFormData,
  multipartChunks,
  type FormDataLike,
} from '../request/form-data.ts'

/** The body of a request of fetch(). */
export interface RequestSource {
  /** the body's own content-type, or empty */
  readonly type: string
  /** number of bytes; -1 if it is not known */
  readonly length: number
  /** whether it can be sent again after a redirect */
  readonly isReplayable: boolean
  /** what undici's fetch() gives to mocks, if that is not what `open()` returns */
  readonly given?: unknown
  /** returns the body for `dispatch()` */
  open(): Uint8Array | AsyncIterable<Uint8Array>
  /** The request has ended, so the rest is not needed. */
  cancel(reason: unknown): void
}

const ignore = (): void => {}

/**
 * Reads `init.body`. Returns undefined if fetch() does not accept it. `mayStream` says that `duplex` was given, without
 * which a body cannot be a stream.
 */
export function readSource(body: unknown, mayStream: boolean): RequestSource | undefined {
  if (typeof body === 'string') {
    return textSource(body, 'text/plain;charset=UTF-8')
  }
  if (typeof body !== 'object' || body === null) {
    return typeof body === 'symbol' ? undefined : readSource(String(body), mayStream)
  }
  if (body instanceof URLSearchParams) {
    return textSource(body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8')
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
    return formSource(body)
  }
  if (body instanceof Blob) {
    return { ...replayable(() => body.stream(), body.size, body.type), given: body }
  }
  if (body instanceof ReadableStream) {
    const isUsable = mayStream && !body.locked && !isDisturbed(body)
    return isUsable ? streamSource(body) : undefined
  }
  if (Symbol.asyncIterator in body) {
    return mayStream
      ? streamSource(ReadableStream.from(bytesOf(body as AsyncIterable<unknown>)))
      : undefined
  }
  return readSource(textOf(body), mayStream)
}

// fetch() sends the toString() of any other object.
const textOf = String as (value: object) => string

// Streams of Node may give strings.
async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator {
  for await (const chunk of chunks) {
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
}

/** `boundary`: the one in the content-type that the request already has. */
export function formSource(form: FormDataLike, boundary?: string): RequestSource {
  const { parts, length, contentType } = encodeMultipart(form, boundary)
  return { ...replayable(() => multipartChunks(parts), length, contentType), given: form }
}

function textSource(text: string, type: string): RequestSource {
  const bytes = Buffer.from(text)
  return {
    type,
    length: bytes.byteLength,
    isReplayable: true,
    given: text,
    open: () => bytes,
    cancel: ignore,
  }
}

/** REQUIRES: nobody else uses `bytes`. */
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

/** Returns the source for a web stream, which can be read only once. */
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
      reader.releaseLock()
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
