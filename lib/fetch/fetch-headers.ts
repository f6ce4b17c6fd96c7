import { inspect } from 'node:util'
import type { ResponseHeaders } from '../compat/handler.ts'
import { isToken } from '../request/request-headers.ts'
import { asPrototypeOf } from './web-classes.ts'

/** A real object to be asked what is wrong with a name: its errors are the ones that programs know. */
let empty: Headers
/** A real object that refuses to be changed. */
let immutable: Headers

/**
 * The headers of a response, which nobody can change, over the object that its batch made. A real `Headers` is made only
 * when they are listed. It is a `Headers` to `instanceof`, and has all its methods.
 */
export class FetchHeaders {
  readonly #values: ResponseHeaders
  #list: Headers | undefined

  constructor(values: ResponseHeaders) {
    this.#values = values
  }

  get(name: string): string | null {
    const key = keyOf(name)
    if (key === undefined) {
      // A name that is missing is another error than a wrong one.
      return arguments.length === 0 ? (empty.get as () => null)() : empty.get(name)
    }
    if (!Object.hasOwn(this.#values, key)) {
      return null
    }
    const value = this.#values[key]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }

  has(name: string): boolean {
    const key = keyOf(name)
    return key === undefined ? empty.has(name) : Object.hasOwn(this.#values, key)
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
      this.#list = new Headers()
      for (const [name, value] of Object.entries(this.#values)) {
        for (const one of Array.isArray(value) ? value : [value ?? '']) {
          this.#list.append(name, one)
        }
      }
    }
    return this.#list
  }
}

/** Makes it a `Headers` of Node's and of undici's. Once, as linkResponse(). */
export function linkHeaders(): void {
  asPrototypeOf(FetchHeaders, Headers, (headers: FetchHeaders, options) =>
    inspect(new Headers([...headers]), options),
  )
  empty = new Headers()
  immutable = Response.error().headers
}

// undefined: no name of a header.
function keyOf(name: unknown): string | undefined {
  return typeof name === 'string' && isToken(name) ? name.toLowerCase() : undefined
}
