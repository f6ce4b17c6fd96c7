import type { Buffer } from 'node:buffer'
import { Readable, type ReadableOptions } from 'node:stream'

// What Node keeps of a Readable. Its names have been the same since Node 10; programs read them, and undici does.

/** A Readable's own record. */
export interface ReadableState {
  readonly buffer: readonly (Buffer | string)[]
  /** where in `buffer` it begins */
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
  readingMore: boolean
}

export function stateOf(stream: Readable): ReadableState {
  return (stream as unknown as { _readableState: ReadableState })._readableState
}

/** Makes a Readable of an object that has its prototype. */
export function initReadable(object: Readable, options: ReadableOptions): ReadableState {
  // Over the accessors of its prototype, which would come here again.
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

/** As if it had been given all this some time ago: nothing is left to be told in the next tick. */
export function fill(stream: Readable, chunks: readonly Buffer[], hasEnded: boolean): void {
  const state = stateOf(stream)
  let mayTakeMore = false
  state.readingMore = true
  for (const chunk of chunks) {
    mayTakeMore = Readable.prototype.push.call(stream, chunk)
  }
  state.readingMore = false
  if (hasEnded) {
    state.ended = true
  } else if (mayTakeMore) {
    stream.read(0)
  }
}

/** As if it had been read to its end some time ago. */
export function finish(state: ReadableState): void {
  state.flowing = true
  state.ended = true
  state.endEmitted = true
}

/** As if it had been closed some time ago. */
export function close(state: ReadableState): void {
  state.destroyed = true
  state.closed = true
  state.closeEmitted = true
}
