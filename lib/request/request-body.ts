import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { types } from 'node:util'
import { errors } from '../compat/undici.ts'
import { encodeMultipart, isFormData, multipartChunks } from './form-data.ts'
import { isHeaderValue } from './request-headers.ts'

const { InvalidArgumentError } = errors

/** A Node stream, or an object that behaves like one. */
export interface StreamLike extends Pick<Readable, 'on' | 'off' | 'pause' | 'resume'> {
  destroy?(error?: Error): unknown
  readonly destroyed?: boolean
  readonly errored?: Error | null
  readonly readableDidRead?: boolean
  readonly readableEnded?: boolean
  readonly _readableState?: {
    ended?: boolean
    length?: number
    objectMode?: boolean
    autoDestroy?: boolean
  }
}

/** A request's body in one of three forms: none, bytes, or a source that is read while it is sent. */
export type RequestBody = NoBody | BytesBody | StreamBody

interface NoBody {
  readonly kind: 'none'
  /** the type of an empty Blob; else empty */
  readonly contentType: string
}

interface BytesBody {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
  /** derived from the body; empty if there is none */
  readonly contentType: string
  /** -1 if undici would not have known it when the request began, so that it is not sent */
  readonly length: number
  /** whether the bytes were read from a source; undici could not send such a body again */
  readonly isOfStream: boolean
}

export interface StreamBody {
  readonly kind: 'stream'
  readonly source: StreamLike | Iterable<unknown> | AsyncIterable<unknown>
  /** -1 if it is not known */
  readonly length: number
  readonly contentType: string
}

export const noBody: NoBody = { kind: 'none', contentType: '' }

/** Returns `body` with the bytes that were all its source had. */
export function wholeBody(body: StreamBody, bytes: Uint8Array): RequestBody {
  const { contentType, length } = body
  return bytes.byteLength === 0
    ? noBody
    : { kind: 'bytes', bytes, contentType, length, isOfStream: true }
}

/** Returns `body` with a copy of its bytes, as the caller may reuse its memory once `dispatch()` has returned. */
export function ownBody(body: RequestBody): RequestBody {
  return body.kind === 'bytes' ? { ...body, bytes: Buffer.from(body.bytes) } : body
}

/** Accepts undici's body types and throws for others. Does not start to read. */
export function requestBody(body: unknown): RequestBody {
  if (body === null || body === undefined) {
    return noBody
  }
  if (typeof body === 'string') {
    return bytesBody(Buffer.from(body))
  }
  if (typeof body !== 'object') {
    throw invalidBody()
  }
  if (types.isUint8Array(body)) {
    return bytesBody(body)
  }
  if (isStream(body)) {
    return streamBody(body)
  }
  if (ArrayBuffer.isView(body)) {
    return bytesBody(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
  }
  if (types.isArrayBuffer(body)) {
    return bytesBody(new Uint8Array(body))
  }
  if (isFormData(body)) {
    return formDataBody(encodeMultipart(body))
  }
  if (isBlob(body)) {
    return blobBody(body)
  }
  if (Symbol.asyncIterator in body || Symbol.iterator in body) {
    return sourceBody(body as AsyncIterable<unknown>)
  }
  throw invalidBody()
}

/** Whether `body` is a Node stream, which can fail at any time, even if nobody reads it. */
export function isStream(body: object): body is StreamLike {
  const { pipe, on } = body as Record<string, unknown>
  return typeof pipe === 'function' && typeof on === 'function'
}

function bytesBody(bytes: Uint8Array, contentType = ''): RequestBody {
  const length = bytes.byteLength
  return length === 0 ? noBody : { kind: 'bytes', bytes, contentType, length, isOfStream: false }
}

function sourceBody(source: StreamBody['source'], length = -1, contentType = ''): StreamBody {
  return { kind: 'stream', source, length, contentType }
}

/** The length of a stream is known if its source has already ended. */
export function streamBody(stream: StreamLike): RequestBody {
  const state = stream._readableState
  if (state?.ended !== true || state.objectMode === true || state.length === undefined) {
    return sourceBody(stream)
  }
  if (state.length === 0 && !stream.destroyed) {
    // There is nothing to send, but the stream must be read for its 'end' to come.
    if (stream._readableState?.autoDestroy !== true) {
      stream.on('end', () => stream.destroy?.())
    }
    stream.resume()
    return noBody
  }
  return sourceBody(stream, state.length)
}

function formDataBody({
  parts,
  length,
  contentType,
}: ReturnType<typeof encodeMultipart>): RequestBody {
  const [first] = parts
  return parts.length === 1 && first instanceof Uint8Array
    ? bytesBody(first, contentType)
    : sourceBody(multipartChunks(parts), length, contentType)
}

// A user-made Blob might return other values the next time, so each is read once.
function blobBody(blob: Blob): RequestBody {
  const { size, type } = blob as { size: number; type: unknown }
  if (typeof type !== 'string' || !isHeaderValue(type)) {
    throw new InvalidArgumentError('invalid content-type header')
  }
  return size === 0
    ? { kind: 'none', contentType: type }
    : sourceBody(blob.stream() as AsyncIterable<unknown>, size, type)
}

function isBlob(body: object): body is Blob {
  const tag = (body as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  return (tag === 'Blob' || tag === 'File') && typeof (body as Blob).stream === 'function'
}

function invalidBody(): Error {
  return new InvalidArgumentError(
    'body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable',
  )
}
