import { inspect, type InspectOptions } from 'node:util'
import { undiciWeb } from '../compat/undici.ts'

type Class<Instance extends object> = abstract new (...args: never[]) => Instance

/**
 * Makes objects of `own` pass as objects of a web class: `instanceof` of Node's class and of undici's is true, and
 * `constructor` is that class. They lack its private fields, so its methods refuse them: `own` must have all methods
 * itself. `show` makes the text for `console.log()`.
 */
export function asPrototypeOf<Instance extends object>(
  own: Class<Instance>,
  web: Class<object>,
  show: (object: Instance, options: InspectOptions) => string,
): void {
  const prototype = own.prototype as object
  for (const name of Object.getOwnPropertyNames(prototype)) {
    Object.defineProperty(prototype, name, { enumerable: name !== 'constructor' })
  }
  Object.setPrototypeOf(prototype, web.prototype as object)
  Object.defineProperty(prototype, 'constructor', { value: web })
  Object.defineProperty(prototype, inspect.custom, {
    value(this: Instance, depth: number | null, options: InspectOptions) {
      return show(this, { ...options, depth: depth ?? 2 })
    },
    writable: true,
    configurable: true,
  })
  const undicis = (undiciWeb as Record<string, Class<object> | undefined>)[web.name]
  if (undicis !== undefined && undicis !== web) {
    Object.defineProperty(undicis, Symbol.hasInstance, {
      value: (object: unknown) => isOf(own, object) || isOf(undicis, object),
      configurable: true,
    })
  }
}

// The default behaviour of `instanceof`.
function isOf(given: Class<object>, object: unknown): boolean {
  return Function.prototype[Symbol.hasInstance].call(given, object)
}
