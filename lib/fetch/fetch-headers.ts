import { inspect } from 'node:util'
import type { ResponseHeaders } from '../compat/handler.ts'
import { isToken } from '../request/request-headers.ts'
import { passFor, webClass } from './web-classes.ts'

/** A real Headers object: it throws the errors that programs know for an invalid name. */
let empty: Headers
/** A real Headers object that refuses to be changed. */
let immutable: Headers

/**
 * The immutable headers of a response, backed by the object that the batch reader made. A real `Headers` is made only
 * when they are listed. For `instanceof` it is a `Headers`, and it has all its methods.
 */
export class FetchHeaders {
  readonly #values: ResponseHeaders
  #list: Headers | undefined

  static is(this: void, object: unknown): boolean {
    return typeof object === 'object' && object !== null && #values in object
  }

  /** Returns the headers as an object, in the order in which they came. */
  static shown(headers: FetchHeaders): object {
    return Object.fromEntries(
      Object.entries(headers.#values).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    )
  }

  constructor(values: ResponseHeaders) {
    this.#values = values
  }

  get(name: string): string | null {
    const key = keyOf(name, arguments.length)
    if (key === undefined) {
      // A missing name is another error than a wrong one.
      return arguments.length === 0 ? (empty.get as () => null)() : empty.get(name)
    }
    if (!Object.hasOwn(this.#values, key)) {
      return null
    }
    const value = this.#values[key]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }

  has(name: string): boolean {
    const key = keyOf(name, arguments.length)
    if (key === undefined) {
      return arguments.length === 0 ? (empty.has as () => boolean)() : empty.has(name)
    }
    return Object.hasOwn(this.#values, key)
  }

  getSetCookie(): string[] {
    const cookies = Object.hasOwn(this.#values, 'set-cookie') ? this.#values['set-cookie'] : []
    return Array.isArray(cookies) ? [...cookies] : [cookies as string]
  }

  append(...args: [string, string]): void {
    immutable.append(...args)
  }

  set(...args: [string, string]): void {
    immutable.set(...args)
  }

  delete(...args: [string]): void {
    immutable.delete(...args)
  }

  forEach(
    callback: (value: string, name: string, headers: Headers) => void,
    thisArg?: unknown,
  ): void {
    if (typeof callback !== 'function') {
      if (arguments.length === 0) {
        ;(empty.forEach as () => void)()
      }
      empty.forEach(callback)
    }
    for (const [name, value] of this.#listed()) {
      callback.call(thisArg, value, name, this)
    }
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#listed().keys()
  }

  values(): ReturnType<Headers['keys']> {
    return this.#listed().values()
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#listed().entries()
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.#listed().entries()
  }

  #listed(): Headers {
    if (this.#list === undefined) {
      this.#list = new (webClass('Headers'))()
      for (const [name, value] of Object.entries(this.#values)) {
        for (const one of Array.isArray(value) ? value : [value ?? '']) {
          this.#list.append(name, one)
        }
      }
    }
    return this.#list
  }
}

/** Makes FetchHeaders objects pass as `Headers` of Node and of undici, as linkResponse() does. */
export function linkHeaders(): void {
  passFor({
    name: 'Headers',
    own: FetchHeaders,
    isOwn: FetchHeaders.is,
    show: (headers, options) => `Headers ${inspect(FetchHeaders.shown(headers), options)}`,
  })
  empty = new (webClass('Headers'))()
  immutable = webClass('Response').error().headers
}

// Returns undefined if there is no name, or if it is not one of a header. Other values than strings are converted.
function keyOf(given: unknown, argumentCount: number): string | undefined {
  if (argumentCount === 0 || typeof given === 'symbol') {
    return undefined
  }
  const name = String(given)
  return isToken(name) ? name.toLowerCase() : undefined
}
