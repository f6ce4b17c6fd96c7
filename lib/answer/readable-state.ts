import type { Buffer } from 'node:buffer'
import { Readable, type ReadableOptions } from 'node:stream'

// The internal state of Node's Readable. Its names have not changed since Node 10; programs and undici read them.

/** The `_readableState` of a Readable. */
export interface ReadableState {
  readonly buffer: readonly (Buffer | string)[]
  /** index of the first chunk in `buffer` */
  readonly bufferIndex?: number
  readonly decoder: { lastNeed: number; lastTotal: number; lastChar: Buffer } | null
  readonly encoding: BufferEncoding | null
  readonly errored: Error | null
  flowing: boolean | null
  ended: boolean
  endEmitted: boolean
  destroyed: boolean
  closed: boolean
  closeEmitted: boolean
  dataEmitted: boolean
  readonly emittedReadable: boolean
  readingMore: boolean
}

export function stateOf(stream: Readable): ReadableState {
  return (stream as unknown as { _readableState: ReadableState })._readableState
}

/** Makes a Readable of an object that has its prototype. */
export function initReadable(object: Readable, options: ReadableOptions): ReadableState {
  // These hide the accessors of the prototype, which would call this function again.
  for (const name of ['_events', '_readableState']) {
    Object.defineProperty(object, name, {
      value: undefined,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  ;(Readable as unknown as (this: Readable, options: ReadableOptions) => void).call(object, options)
  return stateOf(object)
}

/** Whether push(null) schedules nothing. Before Node 26 it schedules a `readable` event, even without listeners. */
const endsQuietly = !emitsReadableAtEnd()

function emitsReadableAtEnd(): boolean {
  const stream = new Readable({ read() {} })
  stream.push(null)
  return stateOf(stream).emittedReadable
}

/** Fills the stream as if the chunks had come earlier, so that it emits nothing in the next tick. */
export function fill(stream: Readable, chunks: readonly Buffer[], hasEnded: boolean): void {
  const state = stateOf(stream)
  let mayTakeMore = false
  state.readingMore = true
  for (const chunk of chunks) {
    mayTakeMore = Readable.prototype.push.call(stream, chunk)
  }
  state.readingMore = false
  if (hasEnded) {
    if (endsQuietly) {
      Readable.prototype.push.call(stream, null)
    } else {
      state.ended = true
    }
  } else if (mayTakeMore) {
    stream.read(0)
  }
}

/** Changes the state as if the stream had been read to its end earlier. */
export function finish(state: ReadableState): void {
  state.flowing = true
  state.ended = true
  state.endEmitted = true
}

/** Changes the state as if the stream had been closed earlier. */
export function close(state: ReadableState): void {
  state.destroyed = true
  state.closed = true
  state.closeEmitted = true
}
