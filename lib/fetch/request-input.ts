import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { undiciWeb } from '../compat/undici.ts'
import { readHeaders } from './header-list.ts'
import type { FetchPlan, Init } from './fetch-plan.ts'
import { readUrl } from './fetch-url.ts'
import { bytesSource, streamSource, type RequestSource } from './request-source.ts'
import { isCacheMode } from './sent-headers.ts'

/** How many bytes of a Request's body are read ahead to see whether they are all of it. */
const mostAhead = 64 * 1024

/** Whether `input` is a Request of Node or of undici. */
export function isRequest(input: unknown): input is Request {
  return input instanceof Request || input instanceof undiciWeb.Request
}

/**
 * Reads a Request with the changes in `init`. Returns undefined if undici's fetch() must do the call or report the
 * error.
 */
export async function readRequest(input: Request, init: Init): Promise<FetchPlan | undefined> {
  const { signal: givenSignal, dispatcher: _, ...changes } = init
  const request = Object.keys(changes).length === 0 ? input : changed(input, changes)
  if (request === undefined || !isPlain(request)) {
    return undefined
  }
  const { method, redirect, cache } = request
  const url = readUrl(request.url)
  const headers = readHeaders(request.headers)
  const signal = givenSignal === undefined ? request.signal : (givenSignal as AbortSignal | null)
  if (url === undefined || headers === undefined || !isCacheMode(cache)) {
    return undefined
  }
  if (signal !== null && !(signal instanceof AbortSignal)) {
    return undefined
  }
  const source = request.body === null ? null : await sourceOf(request.body)
  return {
    url,
    method,
    headers,
    source,
    signal,
    redirect,
    cache,
  }
}

function changed(input: Request, changes: Init): Request | undefined {
  try {
    const Class = input.constructor as new (input: Request, init: Init) => Request
    return new Class(input, changes)
  } catch {
    return undefined
  }
}

function isPlain(request: Request): boolean {
  const { mode, integrity, referrer, referrerPolicy, bodyUsed, body } = request
  return (
    mode === 'cors' &&
    integrity === '' &&
    referrer === 'about:client' &&
    referrerPolicy === '' &&
    !bodyUsed &&
    body?.locked !== true
  )
}

/**
 * A Request keeps its body as a stream. If it was made from bytes, these come at once, followed by the end. Then they
 * are sent as bytes, with their length.
 */
async function sourceOf(stream: ReadableStream<Uint8Array>): Promise<RequestSource> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const late = new Promise<undefined>((resolve) => {
    setImmediate(resolve, undefined)
  })
  while (bytes < mostAhead) {
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
