import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { inspect, type InspectOptions } from 'node:util'
import { errors } from '../compat/undici.ts'
import type { BodyState } from './body-state.ts'
import type { DumpOptions } from './dump.ts'

const { NotSupportedError, RequestAbortedError } = errors

// No #private: undici's body may be used through a Proxy.
const kState = Symbol('state')

type Listener = Parameters<Readable['on']>[1]
type Destroyed = (error?: Error | null) => void

// A class with Readable's prototype, whose constructor does nothing: that of Readable takes as long as a small response.
// Every method of Node's begins by asking for one of two properties; whoever asks for them first makes the Readable.
const LazyReadable = function LazyReadable() {} as unknown as typeof Readable
Object.setPrototypeOf(LazyReadable, Readable)
Object.setPrototypeOf(LazyReadable.prototype, Readable.prototype)
for (const name of ['_events', '_readableState'] as const) {
  Object.defineProperty(LazyReadable.prototype, name, {
    get(this: Partial<BodyReadable>): unknown {
      const state = this[kState]
      state?.becomeReadable()
      return state && Reflect.get(state.body as Readable, name)
    },
    configurable: true,
  })
}

/**
 * The body of a response of `request()`: a Readable, which can also be asked for all of it. All its errors are those of the
 * request, or undici's.
 */
export class BodyReadable extends LazyReadable {
  /** Set by the constructor. */
  readonly [kState]: BodyState

  constructor(state: BodyState) {
    super()
    this[kState] = state
  }

  /** All of it as text, from UTF-8, or from what `setEncoding()` was told. */
  text(): Promise<string> {
    return this[kState].consume('text') as Promise<string>
  }

  /** All of it as what its JSON says. A `SyntaxError` if it says nothing. */
  json(): Promise<unknown> {
    return this[kState].consume('json')
  }

  /** All of it as a Blob of its content-type. */
  blob(): Promise<Blob> {
    return this[kState].consume('blob') as Promise<Blob>
  }

  /** All of it as bytes, in memory of their own. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this[kState].consume('bytes') as Promise<Uint8Array<ArrayBuffer>>
  }

  /** All of it as an ArrayBuffer. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return this[kState].consume('arrayBuffer') as Promise<ArrayBuffer>
  }

  /** Rejects with a `NotSupportedError`, as in undici. */
  formData(): Promise<never> {
    return Promise.reject(new NotSupportedError())
  }

  /** Some of it has been read. */
  get bodyUsed(): boolean {
    return this[kState].isDisturbed
  }

  /** It as a web stream, the same each time. */
  get body(): ReadableStream {
    return this[kState].asStream()
  }

  /**
   * Reads it for its connection's sake, which can then be used again. A body of more than `limit` bytes (default:
   * `131_072`) is broken off, and its connection with it.
   */
  dump(options?: DumpOptions): Promise<null | undefined> {
    return this[kState].dumpBody(options)
  }

  /** As Readable's. An encoding that there is not is ignored. */
  override setEncoding(encoding: BufferEncoding): this {
    return Buffer.isEncoding(encoding) ? super.setEncoding(encoding) : this
  }

  override on(event: string | symbol, listener: Listener): this {
    if (isOfData(event)) {
      this[kState].onListening()
    }
    return super.on(event, listener)
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener)
  }

  override off(event: string | symbol, listener: Listener): this {
    super.off(event, listener)
    if (isOfData(event)) {
      this[kState].onListenerGone(this)
    }
    return this
  }

  override removeListener(event: string | symbol, listener: Listener): this {
    return this.off(event, listener)
  }

  override push(chunk: unknown): boolean {
    this[kState].becomeReadable()
    return chunk === null || Buffer.isBuffer(chunk) ? this[kState].push(chunk) : super.push(chunk)
  }

  override _destroy(given: Error | null, done: Destroyed): void {
    const error = given || this.readableEnded ? given : new RequestAbortedError()
    const state = this[kState]
    if (error) {
      state.abortRequest()
    }
    if (state.isUsed) {
      done(error)
    } else {
      // Whoever awaits the response can listen for errors only after this tick.
      setImmediate(done, error)
    }
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    if (depth < 0) {
      return '[Object]'
    }
    this[kState].becomeReadable()
    const { [kState]: _, ...shown } = Object.getOwnPropertyDescriptors(this)
    const asShown = Object.create(BodyReadable.prototype, shown) as object
    return inspect(asShown, { ...options, depth, customInspect: false })
  }
}

function isOfData(event: string | symbol): boolean {
  return event === 'data' || event === 'readable'
}
