import type { ResponseHeaders } from '../compat/handler.ts'
import type { HeaderBlock } from './header-block.ts'
import { ownText } from './own-text.ts'

// Most responses have the same header names as an earlier one, in the same order. A shape keeps these names,
// lower-cased and checked for repetition, so that reading such a block takes one comparison and one slice() per header.

/** The header names of a block, in order. No name is repeated or needs special care, so values are simply assigned. */
interface HeaderShape {
  readonly rawNames: readonly string[]
  readonly names: readonly string[]
}

const shapes = new Map<number, HeaderShape>()
const mostShapes = 512

/**
 * In a block of up to this many characters, values are views of it, which is fastest. In a longer block they are
 * copies.
 */
const longestViewed = 512

/**
 * Builds undici's headers object: names in lower case, repeated ones as an array (joined on HTTP/2). `length` is the
 * length of the block's text, `hash` the hash of its names' lengths.
 */
export function readHeaders(
  block: HeaderBlock,
  length: number,
  hash: number,
  isHttp2: boolean,
): ResponseHeaders {
  const shape = shapes.get(hash)
  if (shape !== undefined && shape.names.length === block.count) {
    const headers = readPlain(shape, block, length)
    if (headers !== undefined) {
      return headers
    }
  }
  return readAny(block, hash, isHttp2)
}

// Returns undefined if the names differ from the shape's.
function readPlain(
  shape: HeaderShape,
  block: HeaderBlock,
  length: number,
): ResponseHeaders | undefined {
  const { rawNames, names } = shape
  const { text, lengths } = block
  const isViewed = length <= longestViewed
  const headers: ResponseHeaders = {}
  let { lengthsAt, textAt: at } = block
  for (let i = 0; i < names.length; i++) {
    const rawName = rawNames[i] as string
    if (lengths[lengthsAt] !== rawName.length || !text.startsWith(rawName, at)) {
      return undefined
    }
    at += rawName.length
    const valueEnd = at + (lengths[lengthsAt + 1] as number)
    headers[names[i] as string] = isViewed ? text.slice(at, valueEnd) : ownText(text, at, valueEnd)
    at = valueEnd
    lengthsAt += 2
  }
  return headers
}

function readAny(block: HeaderBlock, hash: number, isHttp2: boolean): ResponseHeaders {
  const { text, lengths, lengthsAt, count } = block
  const headers: ResponseHeaders = {}
  const rawNames: string[] = []
  const names: string[] = []
  let isPlain = true
  let at = block.textAt
  for (let i = lengthsAt; i < lengthsAt + 2 * count; i += 2) {
    const nameEnd = at + (lengths[i] as number)
    const valueEnd = nameEnd + (lengths[i + 1] as number)
    const rawName = ownText(text, at, nameEnd)
    const name = rawName.toLowerCase()
    const needsCare = name === '__proto__' || (isHttp2 && name === 'set-cookie')
    isPlain &&= !needsCare && !Object.hasOwn(headers, name)
    addHeader(headers, name, ownText(text, nameEnd, valueEnd), isHttp2)
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
  shapes.set(hash, { rawNames, names: names.map(interned) })
}

// As a property key a string becomes V8's single copy of it, which is compared by address.
function interned(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string
}

// For these names Node's HTTP/2 keeps the first value and drops the others.
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
