import { Buffer } from 'node:buffer'
import type { ResponseHeaders } from '../compat/handler.ts'

// Most responses carry the names of an earlier one in the same order. A shape keeps these names lower-cased and
// checked for repetition, so that reading a block again takes a comparison and a slice() a header.

/** The header names of a block, in order. */
export interface HeaderShape {
  readonly rawNames: readonly string[]
  readonly names: readonly string[]
  /** No name comes twice, and none needs care: values can be assigned as they come. */
  readonly isPlain: boolean
}

const shapes = new Map<number, HeaderShape>()
const mostShapes = 512

/** Builds undici's headers object: names in lower case, repeated ones as an array (joined on HTTP/2). */
export function readHeaders(
  words: Uint32Array,
  lengthsAt: number,
  count: number,
  hash: number,
  text: string,
  textAt: number,
  isHttp2: boolean,
): ResponseHeaders {
  const shape = shapes.get(hash)
  if (shape !== undefined && shape.isPlain && shape.names.length === count) {
    const headers = readPlain(shape, words, lengthsAt, text, textAt)
    if (headers !== undefined) {
      return headers
    }
  }
  return readAny(words, lengthsAt, count, hash, text, textAt, isHttp2)
}

// undefined: the names differ from the shape's.
function readPlain(
  shape: HeaderShape,
  words: Uint32Array,
  lengthsAt: number,
  text: string,
  textAt: number,
): ResponseHeaders | undefined {
  const { rawNames, names } = shape
  const headers: ResponseHeaders = {}
  let at = textAt
  for (let i = 0; i < names.length; i++) {
    const rawName = rawNames[i] as string
    if (words[lengthsAt] !== rawName.length || !text.startsWith(rawName, at)) {
      return undefined
    }
    at += rawName.length
    const valueEnd = at + (words[lengthsAt + 1] as number)
    headers[names[i] as string] = text.slice(at, valueEnd)
    at = valueEnd
    lengthsAt += 2
  }
  return headers
}

function readAny(
  words: Uint32Array,
  lengthsAt: number,
  count: number,
  hash: number,
  text: string,
  textAt: number,
  isHttp2: boolean,
): ResponseHeaders {
  const headers: ResponseHeaders = {}
  const rawNames: string[] = []
  const names: string[] = []
  let isPlain = true
  let at = textAt
  for (let i = lengthsAt; i < lengthsAt + 2 * count; i += 2) {
    const nameEnd = at + (words[i] as number)
    const valueEnd = nameEnd + (words[i + 1] as number)
    const rawName = text.slice(at, nameEnd)
    const name = rawName.toLowerCase()
    const needsCare = name === '__proto__' || (isHttp2 && name === 'set-cookie')
    isPlain &&= !needsCare && !Object.hasOwn(headers, name)
    addHeader(headers, name, text.slice(nameEnd, valueEnd), isHttp2)
    rawNames.push(rawName)
    names.push(name)
    at = valueEnd
  }
  if (isPlain) {
    remember(hash, rawNames, names)
  }
  return headers
}

function addHeader(headers: ResponseHeaders, name: string, value: string, isHttp2: boolean): void {
  if (!Object.hasOwn(headers, name)) {
    setOwn(headers, name, isHttp2 && name === 'set-cookie' ? [value] : value)
    return
  }
  const before = headers[name]
  if (Array.isArray(before)) {
    before.push(value)
  } else if (!isHttp2) {
    setOwn(headers, name, [before as string, value])
  } else if (!singleValued.has(name)) {
    setOwn(headers, name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`)
  }
}

// Assigning to `__proto__` would change the object's prototype instead.
function setOwn(headers: ResponseHeaders, name: string, value: string | string[]): void {
  if (name === '__proto__') {
    Object.defineProperty(headers, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else {
    headers[name] = value
  }
}

function remember(hash: number, rawNames: readonly string[], names: readonly string[]): void {
  if (shapes.size >= mostShapes) {
    shapes.clear()
  }
  // Copies: slices would keep their whole batch's text alive.
  const raw = rawNames.map(ownCopy)
  const lower = names.map((name, i) => (name === rawNames[i] ? (raw[i] as string) : name))
  shapes.set(hash, { rawNames: raw, names: lower.map(interned), isPlain: true })
}

function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

// As a property key the string becomes V8's one copy of it, which compares by address.
function interned(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string
}

/** undici's rawHeaders: name, value, name, value … as Buffers, in the case and order of the wire. */
export function rawHeaders(
  words: Uint32Array,
  lengthsAt: number,
  count: number,
  text: string,
  textAt: number,
): Buffer[] {
  let end = textAt
  for (let i = lengthsAt; i < lengthsAt + 2 * count; i++) {
    end += words[i] as number
  }
  const bytes = Buffer.from(text.slice(textAt, end), 'latin1')
  const result: Buffer[] = []
  let at = 0
  for (let i = lengthsAt; i < lengthsAt + 2 * count; i++) {
    const length = words[i] as number
    result.push(bytes.subarray(at, at + length))
    at += length
  }
  return result
}

// Of these, HTTP/2 in Node keeps the first value and drops others.
const singleValued = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
])
