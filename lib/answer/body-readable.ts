import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { inspect, type InspectOptions } from 'node:util'
import { errors } from '../compat/undici.ts'
import type { BodyState } from './body-state.ts'
import type { DumpOptions } from './dump.ts'

const { NotSupportedError, RequestAbortedError } = errors

// No #private: undici's body may be used through a Proxy.
const kState = Symbol('state')

// Not a member of the class: isolated declarations have no names but literal ones.
interface WithState {
  [kState]: BodyState
}

const stateIn = (body: Readable): BodyState => (body as unknown as WithState)[kState]

type Listener = Parameters<Readable['on']>[1]
type Destroyed = (error?: Error | null) => void

// A class with Readable's prototype and an empty constructor, as Readable's own takes as long as a small response. All
// methods of Node first read one of two properties. The first such access turns the object into a real Readable.
const LazyReadable = function LazyReadable() {} as unknown as typeof Readable
Object.setPrototypeOf(LazyReadable, Readable)
Object.setPrototypeOf(LazyReadable.prototype, Readable.prototype)
for (const name of ['_events', '_readableState'] as const) {
  Object.defineProperty(LazyReadable.prototype, name, {
    get(this: Partial<WithState>): unknown {
      const state = this[kState]
      state?.becomeReadable()
      return state && Reflect.get(state.body as Readable, name)
    },
    configurable: true,
  })
}

/**
 * The body of a response of `request()`: a Readable that can also be read as a whole. Its errors are the request's or
 * undici's.
 */
export class BodyReadable extends LazyReadable {
  constructor(state: BodyState) {
    super()
    ;(this as unknown as WithState)[kState] = state
  }

  /** Resolves to the whole body as text, decoded from UTF-8, or from the encoding of `setEncoding()`. */
  text(): Promise<string> {
    return stateIn(this).consume('text') as Promise<string>
  }

  /** Resolves to the parsed JSON of the body. Rejects with a `SyntaxError` if the JSON is invalid. */
  json(): Promise<unknown> {
    return stateIn(this).consume('json')
  }

  /** Resolves to the whole body as a Blob with its content-type. */
  blob(): Promise<Blob> {
    return stateIn(this).consume('blob') as Promise<Blob>
  }

  /** Resolves to the whole body as bytes, which share their memory with nothing else. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return stateIn(this).consume('bytes') as Promise<Uint8Array<ArrayBuffer>>
  }

  /** Resolves to the whole body as an ArrayBuffer. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return stateIn(this).consume('arrayBuffer') as Promise<ArrayBuffer>
  }

  /** Rejects with a `NotSupportedError`, as in undici. */
  formData(): Promise<never> {
    return Promise.reject(new NotSupportedError())
  }

  /** Whether some of the body has been read. */
  get bodyUsed(): boolean {
    return stateIn(this).isDisturbed
  }

  /** The body as a web stream; the same one each time. */
  get body(): ReadableStream {
    return stateIn(this).asStream()
  }

  /**
   * Reads and discards the body, so that its connection can be used again. If the body has more than `limit` bytes
   * (default: `131_072`), it is aborted, and its connection is closed.
   */
  dump(options?: DumpOptions): Promise<null | undefined> {
    return stateIn(this).dumpBody(options)
  }

  /** As Readable's, but an unknown encoding is ignored. */
  override setEncoding(encoding: BufferEncoding): this {
    return Buffer.isEncoding(encoding) ? super.setEncoding(encoding) : this
  }

  override on(event: string | symbol, listener: Listener): this {
    if (isDataEvent(event)) {
      stateIn(this).onListening()
    }
    return super.on(event, listener)
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener)
  }

  override off(event: string | symbol, listener: Listener): this {
    super.off(event, listener)
    if (isDataEvent(event)) {
      stateIn(this).onListenerGone(this)
    }
    return this
  }

  override removeListener(event: string | symbol, listener: Listener): this {
    return this.off(event, listener)
  }

  override push(chunk: unknown): boolean {
    stateIn(this).becomeReadable()
    return chunk === null || Buffer.isBuffer(chunk) ? stateIn(this).push(chunk) : super.push(chunk)
  }

  override _destroy(given: Error | null, done: Destroyed): void {
    const error = given || this.readableEnded ? given : new RequestAbortedError()
    const state = stateIn(this)
    if (error) {
      state.abortRequest()
    }
    if (state.isUsed) {
      done(error)
    } else {
      // A program that awaits the response can only listen for errors after this tick.
      setImmediate(done, error)
    }
  }
}

Object.defineProperty(BodyReadable.prototype, inspect.custom, {
  value(this: BodyReadable, depth: number, options: InspectOptions): string {
    if (depth < 0) {
      return '[Object]'
    }
    stateIn(this).becomeReadable()
    const { [kState]: _, ...shown } = Object.getOwnPropertyDescriptors(this) as object & {
      [kState]?: unknown
    }
    const asShown = Object.create(BodyReadable.prototype, shown as PropertyDescriptorMap) as object
    return inspect(asShown, { ...options, depth, customInspect: false })
  },
  writable: true,
  configurable: true,
})

function isDataEvent(event: string | symbol): boolean {
  return event === 'data' || event === 'readable'
}
