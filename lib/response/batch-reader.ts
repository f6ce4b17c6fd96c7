import { Buffer } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'
import type { Destination } from '../errors/destination.ts'
import { isConnectionError, waitsBehindData } from '../errors/error-kinds.ts'
import { nativeError } from '../errors/native-error.ts'
import { publishNativeConnectError } from '../diagnostics/observed-connections.ts'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { Origin } from '../origins/origins.ts'
import { HeaderBlock } from './header-block.ts'
import { ownText, TextPieces } from './own-text.ts'
import { readHeaders } from './response-headers.ts'
import { throwLater } from '../errors/throw-later.ts'
import { Errc, EventType } from '../native/contract.ts'

const nonAscii = /[\x80-\xff]/

/** Receives the records of one request. */
export interface RecordReceiver {
  readonly origin: Origin
  readonly destination: Destination
  /** whether the handler has had its terminal call */
  readonly ended: boolean
  /** whether the response came over HTTP/2 */
  isHttp2: boolean
  /** bytes of a body that native decodes, before decoding, known at its end; -1: native does not decode it */
  encodedSize: number
  rawTrailers: Buffer[] | null
  readonly upload: { onWanted(bytes: number): void } | null
  readonly tunnel: { onSocket(info: string, tls: string): void } | null
  onRequestSent(): void
  onResponseStart(
    status: number,
    head: HeaderBlock,
    headers: ResponseHeaders,
    statusText: string,
  ): void
  onData(chunk: Buffer): void
  onEnd(trailers: ResponseHeaders): void
  onPeerEnd(): void
  /** `waits`: the error comes after data that a paused handler has yet to receive. */
  onFailed(error: unknown, waits: boolean): void
  fail(error: unknown): void
}

/** Receives the records of a native client that belong to no request. */
export interface ClientOwner {
  onConnected(originKey: string): void
  onDisconnected(originKey: string, code: number, detail: number): void
  /** called after the handler */
  onFailed(origin: Origin, code: number, error: Error): void
  onLoopClosed(): void
}

/** Knows the sockets that native was given. */
export interface GivenSockets {
  /** returns the socket's addresses and byte counts, in the form of `failed` records */
  describe(socket: string): string
  /** returns the socket's own error, if that is why a request has failed */
  errorOf(code: number, socket: string): Error | undefined
}

/** Finds the request of a record. */
export interface BatchReceiver<Request extends RecordReceiver> {
  /** null if native makes the connections */
  readonly given: GivenSockets | null
  readonly owner: ClientOwner
  byId(id: number): Request | undefined
  /** A connection is about to be made for the request. */
  onConnectionWanted(request: Request): void
  /** Returns why the connection for the request with this id was refused. */
  refusal(id: number): Error | undefined
  /** Native has ended the request, so its id may be used again. */
  release(request: Request): void
  /** The response is complete while the request's body is still being sent. */
  onAnswered(request: Request): void
}

/**
 * Reads one flat batch and calls the requests that its records belong to. It skips records of a request that has ended
 * for its handler (aborted, or failed on our side); the last of them frees the id.
 *
 * A batch belongs to many requests, so an error in one must not stop the others: each record is read to its end before
 * anybody is called, and an exception ends only its own request.
 */
export function readBatch<Request extends RecordReceiver>(
  table: BatchReceiver<Request>,
  words: Uint32Array,
  wordCount: number,
  text: string,
  slab: Buffer | undefined,
  blocks: Buffer[] | undefined,
): void {
  // A copy that outlives the batch, for rawHeaders. Made when it is first needed.
  let keptWords: Uint32Array | undefined
  const pieces = new TextPieces(text)
  let at = 0
  let textAt = 0
  let slabAt = 0
  let blockAt = 0
  if (slab !== undefined) {
    // Several requests share the slab: transferring one's slice would detach the others'.
    markAsUntransferable(slab.buffer)
  }
  while (at < wordCount) {
    const type = words[at] as number
    const id = words[at + 1] as number
    at += 2
    const request = table.byId(id)
    try {
      switch (type) {
        case EventType.responseStart: {
          const status = words[at] as number
          const version = words[at + 1] as number
          const headersAt = textAt + (words[at + 2] as number)
          const count = words[at + 3] as number
          const lengthsAt = at + 4
          at = lengthsAt + 2 * count
          const isHttp2 = version >= 20
          let hash = hashStart(count, isHttp2)
          let textEnd = headersAt
          for (let i = lengthsAt; i < at; i += 2) {
            const nameLength = words[i] as number
            hash = (Math.imul(hash, 31) + nameLength) | 0
            textEnd += nameLength + (words[i + 1] as number)
          }
          const phraseAt = textAt
          textAt = textEnd
          if (request !== undefined && !request.ended) {
            request.isHttp2 = isHttp2
            request.origin.speaksHttp2 = isHttp2
            keptWords ??= words.slice(0, wordCount)
            pieces.take(headersAt, textEnd)
            const headAt = headersAt - pieces.start
            const head = new HeaderBlock(keptWords, lengthsAt, count, pieces.piece, headAt)
            request.onResponseStart(
              status,
              head,
              readHeaders(head, textEnd - headersAt, hash, isHttp2),
              statusText(text, phraseAt, headersAt),
            )
          }
          break
        }
        case EventType.data: {
          const start = slabAt
          slabAt += words[at++] as number
          if (request !== undefined && !request.ended) {
            request.onData((slab as Buffer).subarray(start, slabAt))
          }
          break
        }
        case EventType.dataBlock: {
          at += 3
          const block = (blocks as Buffer[])[blockAt++] as Buffer
          if (request !== undefined && !request.ended) {
            request.onData(block)
          }
          break
        }
        case EventType.end:
        case EventType.answered: {
          const count = words[at] as number
          const lengthsAt = at + 1
          at = lengthsAt + 2 * count
          const trailersAt = textAt
          const isHttp2 = request !== undefined && request.isHttp2
          let hash = hashStart(count, isHttp2)
          for (let i = lengthsAt; i < at; i += 2) {
            const nameLength = words[i] as number
            hash = (Math.imul(hash, 31) + nameLength) | 0
            textAt += nameLength + (words[i + 1] as number)
          }
          if (request === undefined) {
            break
          }
          if (type === EventType.end) {
            table.release(request)
          } else {
            table.onAnswered(request)
          }
          if (request.ended) {
            break
          }
          if (count === 0) {
            request.onEnd({})
            break
          }
          const own = ownText(text, trailersAt, textAt)
          const block = new HeaderBlock(words, lengthsAt, count, own, 0)
          request.rawTrailers = block.raw()
          request.onEnd(readHeaders(block, own.length, hash, isHttp2))
          break
        }
        case EventType.failed: {
          const code = words[at] as number
          const detail = words[at + 1] as number
          const messageEnd = textAt + (words[at + 2] as number)
          const socketEnd = messageEnd + (words[at + 3] as number)
          const message = ownText(text, textAt, messageEnd)
          const socket = ownText(text, messageEnd, socketEnd)
          at += 4
          textAt = socketEnd
          if (request === undefined) {
            break
          }
          table.release(request)
          if (!request.ended) {
            const info = table.given === null ? socket : table.given.describe(socket)
            const error =
              (code === Errc.notConnected ? table.refusal(detail) : undefined) ??
              table.given?.errorOf(code, socket) ??
              nativeError(code, detail, message, info, request.destination)
            if (isConnectionError(code)) {
              publishNativeConnectError(request.origin, error)
            }
            request.onFailed(error, waitsBehindData(code))
            table.owner.onFailed(request.origin, code, error)
          }
          break
        }
        case EventType.requestSent: {
          if (request !== undefined && !request.ended) {
            request.onRequestSent()
          }
          break
        }
        case EventType.bodyWanted: {
          const bytes = words[at++] as number
          request?.upload?.onWanted(bytes)
          break
        }
        case EventType.decoding:
          if (request !== undefined) {
            request.encodedSize = 0
          }
          break
        case EventType.encodedSize: {
          const low = words[at++] as number
          const high = words[at++] as number
          if (request !== undefined) {
            request.encodedSize = high * 2 ** 32 + low
          }
          break
        }
        case EventType.connectionWanted:
          if (request !== undefined && !request.ended) {
            table.onConnectionWanted(request)
          }
          break
        case EventType.peerEnd:
          request?.onPeerEnd()
          break
        case EventType.tunnelSocket: {
          const start = textAt
          const socketEnd = start + (words[at++] as number)
          textAt = socketEnd + (words[at++] as number)
          const socket = ownText(text, start, socketEnd)
          const ends = table.given === null ? socket : table.given.describe(socket)
          request?.tunnel?.onSocket(ends, ownText(text, socketEnd, textAt))
          break
        }
        case EventType.connected: {
          const start = textAt
          textAt += words[at++] as number
          table.owner.onConnected(ownText(text, start, textAt))
          break
        }
        case EventType.disconnected: {
          const code = words[at++] as number
          const detail = words[at++] as number
          const start = textAt
          textAt += words[at++] as number
          table.owner.onDisconnected(ownText(text, start, textAt), code, detail)
          break
        }
        case EventType.loopClosed:
          table.owner.onLoopClosed()
          break
        default:
          // The rest cannot be read either. onBatch must not throw, but the error must be seen.
          throwLater(new Error(`unknown record type ${type} in a batch`))
          return
      }
    } catch (error) {
      endAlone(request, error)
    }
  }
}

// Exceptions of handlers have been caught before. This is for unforeseen ones, such as from a body that throws when it
// is read.
function endAlone(request: RecordReceiver | undefined, error: unknown): void {
  if (request === undefined || request.ended) {
    throwLater(error)
  } else {
    request.fail(error)
  }
}

// Repeated names mean something else in HTTP/2, so its blocks must not share shapes with HTTP/1.1.
function hashStart(count: number, isHttp2: boolean): number {
  return isHttp2 ? ~count : count
}

// The reason phrase is UTF-8, unlike the headers.
function statusText(text: string, start: number, end: number): string {
  if (end - start === 2 && text.startsWith('OK', start)) {
    return 'OK'
  }
  const phrase = ownText(text, start, end)
  return nonAscii.test(phrase) ? Buffer.from(phrase, 'latin1').toString() : phrase
}
