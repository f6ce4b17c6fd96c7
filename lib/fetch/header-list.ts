import { undiciHeaderEntries, undiciWeb } from '../compat/undici.ts'
import { isToken } from '../request/request-headers.ts'

// The request headers of fetch(): each name once, in the case in which it first came.

/** Characters that a header value must not contain; on the web a value is a string of bytes. */
const invalidValue = /[\0\r\n]|[^\0-\xff]/
const surroundingBlanks = /^[\t\n\r ]+|[\t\n\r ]+$/g

/** Headers by name, in order. */
export class HeaderList {
  /** name, value, name, value …, in the form for `dispatch()` */
  readonly flat: string[] = []
  readonly #lowerNames: string[] = []

  has(lowerName: string): boolean {
    return this.#lowerNames.includes(lowerName)
  }

  get(lowerName: string): string | undefined {
    const index = this.#lowerNames.indexOf(lowerName)
    return index < 0 ? undefined : this.flat[2 * index + 1]
  }

  /** Adds a valid header with a new name. */
  add(name: string, lowerName: string, value: string): void {
    this.flat.push(name, value)
    this.#lowerNames.push(lowerName)
  }

  /** Adds a header of the user's, after others of its name. Returns false if its name or value is invalid. */
  append(name: string, given: string): boolean {
    const value = trimmed(given)
    if (!isToken(name) || invalidValue.test(value)) {
      return false
    }
    const lowerName = name.toLowerCase()
    const index = this.#lowerNames.indexOf(lowerName)
    if (index < 0) {
      this.add(name, lowerName, value)
    } else {
      const separator = lowerName === 'cookie' ? '; ' : ', '
      this.flat[2 * index + 1] += separator + value
    }
    return true
  }

  /** Sets the only value of a header, whose name is sent in lower case. */
  set(lowerName: string, value: string): void {
    const index = this.#lowerNames.indexOf(lowerName)
    if (index < 0) {
      this.add(lowerName, lowerName, value)
    } else {
      this.flat[2 * index + 1] = value
    }
  }

  delete(lowerName: string): void {
    const index = this.#lowerNames.indexOf(lowerName)
    if (index >= 0) {
      this.#lowerNames.splice(index, 1)
      this.flat.splice(2 * index, 2)
    }
  }

  toObject(): Record<string, string> {
    const pairs: [name: string, value: string][] = []
    for (let i = 0; i < this.flat.length; i += 2) {
      pairs.push([this.flat[i] as string, this.flat[i + 1] as string])
    }
    return Object.fromEntries(pairs)
  }

  copy(): HeaderList {
    const copy = new HeaderList()
    copy.flat.push(...this.flat)
    copy.#lowerNames.push(...this.#lowerNames)
    return copy
  }
}

/** Reads `init.headers` in all shapes. Returns undefined if fetch() does not accept one of them. */
export function readHeaders(given: unknown): HeaderList | undefined {
  const list = new HeaderList()
  if (given === undefined || given === null) {
    return given === undefined ? list : undefined
  }
  if (typeof given !== 'object') {
    return undefined
  }
  const isRead =
    Symbol.iterator in given ? addPairs(list, given as Iterable<unknown>) : addRecord(list, given)
  return isRead ? list : undefined
}

function addPairs(list: HeaderList, given: Iterable<unknown>): boolean {
  const iterate = given[Symbol.iterator]
  if (typeof iterate !== 'function') {
    return false
  }
  // Headers lists sorted names in lower case, but undici's fetch() sends them as they were given.
  const isUndicis = (iterate as unknown) === undiciWeb.Headers.prototype.entries
  const pairs = (isUndicis ? undiciHeaderEntries(given) : undefined) ?? given
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || !append(list, pair[0], pair[1])) {
      return false
    }
  }
  return true
}

function addRecord(list: HeaderList, record: object): boolean {
  for (const name of Reflect.ownKeys(record)) {
    if (typeof name !== 'string') {
      return false
    }
    const isOwn = Object.prototype.propertyIsEnumerable.call(record, name)
    if (isOwn && !append(list, name, (record as Record<string, unknown>)[name])) {
      return false
    }
  }
  return true
}

function append(list: HeaderList, name: unknown, value: unknown): boolean {
  if (typeof name !== 'string') {
    return false
  }
  switch (typeof value) {
    case 'string':
      return list.append(name, value)
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return list.append(name, String(value))
    default:
      return value === null && list.append(name, 'null')
  }
}

function trimmed(value: string): string {
  const first = value.charCodeAt(0)
  const last = value.charCodeAt(value.length - 1)
  return first <= 0x20 || last <= 0x20 ? value.replace(surroundingBlanks, '') : value
}
