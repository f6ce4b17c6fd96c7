/** Bodies whose sources reuse the memory of their chunks as soon as they may. */
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'

/** What a source does with a chunk's memory when it is asked for more. */
export type Reuse = 'next' | 'wiped' | 'transferred' | 'kept'

export const reuses: readonly Reuse[] = ['next', 'wiped', 'transferred', 'kept']

/** When the next chunk comes. */
export type Pace = 'at once' | 'microtask' | 'turn'

export const paces: readonly Pace[] = ['at once', 'microtask', 'turn']

/** Gives `pieces`, one by one, in memory that is reused as `reuse` says. */
class Pieces {
  readonly #pieces: readonly string[]
  readonly #reuse: Reuse
  readonly #shared: Uint8Array
  #last: Uint8Array | undefined
  #at = 0

  constructor(pieces: readonly string[], reuse: Reuse) {
    this.#pieces = pieces
    this.#reuse = reuse
    this.#shared = new Uint8Array(Math.max(1, ...pieces.map(({ length }) => length)))
  }

  /** Returns undefined if there are no more. Earlier chunks are invalid from here on. */
  next(): Uint8Array | undefined {
    this.#useAgain()
    const piece = this.#pieces[this.#at++]
    if (piece === undefined) return undefined
    const memory = this.#reuse === 'next' ? this.#shared : new Uint8Array(piece.length)
    const chunk = memory.subarray(0, piece.length)
    chunk.set(Buffer.from(piece, 'latin1'))
    this.#last = chunk
    return chunk
  }

  #useAgain(): void {
    const last = this.#last
    this.#last = undefined
    if (last === undefined || this.#reuse === 'kept') return
    if (this.#reuse === 'transferred') {
      structuredClone(last.buffer, { transfer: [last.buffer as ArrayBuffer] })
    } else {
      this.#shared.fill(0x2a)
      last.fill(0x2a)
    }
  }
}

async function paced(pace: Pace): Promise<void> {
  if (pace === 'microtask') await Promise.resolve()
  if (pace === 'turn') await new Promise((resolve) => setImmediate(resolve))
}

async function* asyncGenerator(pieces: Pieces, pace: Pace): AsyncGenerator<Uint8Array> {
  for (let chunk = pieces.next(); chunk !== undefined; chunk = pieces.next()) {
    yield chunk
    await paced(pace)
  }
}

function* generator(pieces: Pieces): Generator<Uint8Array> {
  for (let chunk = pieces.next(); chunk !== undefined; chunk = pieces.next()) yield chunk
}

// Without read-ahead, because a Readable that buffers a chunk must not reuse its memory.
function readable(pieces: Pieces, pace: Pace): Readable {
  return new Readable({
    highWaterMark: 1,
    read() {
      void paced(pace === 'at once' ? 'microtask' : pace).then(() =>
        this.push(pieces.next() ?? null),
      )
    },
  })
}

function webStream(pieces: Pieces, pace: Pace): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await paced(pace)
        const chunk = pieces.next()
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
}

/** A user-made stream that reuses a chunk's memory as soon as its listeners return. */
class BareStream extends EventEmitter {
  readonly #pieces: Pieces
  readonly #pace: Pace
  #isRunning = false
  #isPaused = true

  constructor(pieces: Pieces, pace: Pace) {
    super()
    this.#pieces = pieces
    this.#pace = pace
  }

  pipe(): void {}

  pause(): this {
    this.#isPaused = true
    return this
  }

  resume(): this {
    this.#isPaused = false
    if (!this.#isRunning) void this.#run()
    return this
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    await Promise.resolve()
    let chunk: Uint8Array | undefined
    while (!this.#isPaused) {
      chunk = this.#pieces.next()
      if (chunk === undefined) {
        this.emit('end')
        return
      }
      this.emit('data', chunk)
      // Wiped now, as all listeners have had it.
      chunk.fill(0x2b)
      await paced(this.#pace)
    }
    this.#isRunning = false
  }
}

export const sources: Readonly<
  Record<string, (pieces: readonly string[], reuse: Reuse, pace: Pace) => unknown>
> = {
  'an async generator': (pieces, reuse, pace) => asyncGenerator(new Pieces(pieces, reuse), pace),
  'a generator': (pieces, reuse) => generator(new Pieces(pieces, reuse)),
  'a Readable': (pieces, reuse, pace) => readable(new Pieces(pieces, reuse), pace),
  'a web stream': (pieces, reuse, pace) => webStream(new Pieces(pieces, reuse), pace),
  'a stream of somebody’s own': (pieces, reuse, pace) =>
    new BareStream(new Pieces(pieces, reuse), pace),
}
