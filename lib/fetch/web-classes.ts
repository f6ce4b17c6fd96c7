import { inspect, type InspectOptions } from 'node:util'
import { undiciWeb } from '../compat/undici.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

/** Returns the global class, or undici's in an environment that has none, such as that of a test runner. */
export function webClass<Name extends 'Headers' | 'Response'>(
  name: Name,
): (typeof globalThis)[Name] {
  const globals = globalThis as Partial<typeof globalThis>
  return globals[name] ?? (undiciWeb[name] as unknown as (typeof globalThis)[Name])
}

interface WebClass {
  readonly prototype: object
}

/** A class of ours whose objects pass as those of a web class. */
export interface StandIn<Instance extends object> {
  readonly name: 'Headers' | 'Response'
  readonly own: abstract new (...args: never[]) => Instance
  isOwn(object: unknown): boolean
  /** Makes the text for `console.log()`. */
  show(object: Instance, options: InspectOptions): string
}

/**
 * Makes objects of `own` pass as objects of a web class of Node and of undici: `instanceof` is true, `constructor` is that
 * class, and its methods and getters work on them, also through `call()`. If somebody replaces a method of the web class,
 * these objects have the new one. Their prototype chain leads to the class that is global at the time of the call.
 */
export function passFor<Instance extends object>(stand: StandIn<Instance>): void {
  const { own, name, isOwn } = stand
  const web: WebClass = webClass(name)
  const prototype = own.prototype as object
  const members = membersOf(stand)
  for (const one of new Set([web, undiciWeb[name] as WebClass])) {
    lend(one.prototype, members, isOwn)
    acceptAsInstances(one, own)
  }
  for (const key of Reflect.ownKeys(members)) {
    // What the web class lacks, or what cannot be replaced there, stays here.
    if (isLent(web.prototype, key)) {
      Reflect.deleteProperty(prototype, key)
    } else {
      Object.defineProperty(prototype, key, {
        ...members[key],
        enumerable: typeof key === 'string',
      })
    }
  }
  Reflect.deleteProperty(prototype, 'constructor')
  Object.setPrototypeOf(prototype, web.prototype)
}

type Members = Record<PropertyKey, PropertyDescriptor>

const known = new WeakMap<object, Members>()

function membersOf<Instance extends object>({ own, show }: StandIn<Instance>): Members {
  let members = known.get(own)
  if (members === undefined) {
    const { constructor: _, ...others } = Object.getOwnPropertyDescriptors(own.prototype)
    members = {
      ...others,
      [inspect.custom]: {
        value(this: Instance, depth: number | null, options: InspectOptions) {
          return show(this, {
            ...options,
            depth: options.depth === null ? 2 : (options.depth ?? depth),
          })
        },
        writable: true,
        configurable: true,
      },
    }
    known.set(own, members)
  }
  return members
}

/** Our functions that replace those of a web class. */
const lent = new WeakSet<object>()

function isLent(prototype: object, key: PropertyKey): boolean {
  const { value, get } = Object.getOwnPropertyDescriptor(prototype, key) ?? {}
  const there = (value ?? get) as unknown
  return typeof there === 'function' && lent.has(there)
}

function lend(prototype: object, members: Members, isOwn: (object: unknown) => boolean): void {
  // In Headers, entries() and the iterator are the same function.
  const made = new Map<Method, Method>()
  const either = (own: Method, webs: Method): Method => {
    const one = made.get(webs) ?? eitherOf(own, webs, isOwn)
    made.set(webs, one)
    return one
  }
  for (const key of Reflect.ownKeys(members)) {
    const webs = Object.getOwnPropertyDescriptor(prototype, key)
    const own = members[key]
    if (webs === undefined || webs.configurable !== true || isLent(prototype, key)) {
      continue
    }
    if (typeof webs.value === 'function') {
      const value = either(own?.value as Method, webs.value as Method)
      Object.defineProperty(prototype, key, { ...webs, value })
    } else if (webs.get !== undefined) {
      const get = either(own?.get as Method, webs.get as Method)
      Object.defineProperty(prototype, key, { ...webs, get })
    }
  }
}

function eitherOf(own: Method, webs: Method, isOwn: (object: unknown) => boolean): Method {
  const { either } = {
    either(this: unknown, ...args: unknown[]): unknown {
      return (isOwn(this) ? own : webs).apply(this, args)
    },
  }
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(either, property, { value: webs[property], configurable: true })
  }
  lent.add(either)
  return either
}

function acceptAsInstances(web: WebClass, own: WebClass): void {
  if (Object.hasOwn(web, Symbol.hasInstance)) {
    return
  }
  Object.defineProperty(web, Symbol.hasInstance, {
    value(this: unknown, object: unknown) {
      // Our objects are not instances of derived classes.
      return isInstance(this, object) || (this === web && isInstance(own, object))
    },
    configurable: true,
  })
}

// The default behaviour of `instanceof`.
function isInstance(Class: unknown, object: unknown): boolean {
  return Function.prototype[Symbol.hasInstance].call(Class as never, object)
}
