import { errors } from '../compat/undici.ts'

const { InvalidArgumentError, NotSupportedError } = errors

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/
const digits = /^[0-9]+$/

/** Names that need more than to be sent. */
const NameKind = {
  plain: 0,
  host: 1,
  contentLength: 2,
  contentType: 3,
  connection: 4,
  expect: 5,
  forbidden: 6,
} as const
type NameKind = (typeof NameKind)[keyof typeof NameKind]

const special = new Map<string, NameKind>([
  ['host', NameKind.host],
  ['content-length', NameKind.contentLength],
  ['content-type', NameKind.contentType],
  ['connection', NameKind.connection],
  ['expect', NameKind.expect],
  ['transfer-encoding', NameKind.forbidden],
  ['keep-alive', NameKind.forbidden],
  ['upgrade', NameKind.forbidden],
])

// Valid names seen so far, in their original case. Bounded, because names may come from users.
const knownNames = new Map<string, NameKind>()
const mostKnownNames = 1024

/**
 * A request's headers, checked, in native's form: lines ended by NUL. Host, connection and framing are not among them.
 */
export class RequestHeaders {
  lines = ''
  /** null if it is the origin's */
  host: string | null = null
  /** the declared length; -1 if there is none */
  contentLength = -1
  hasContentType = false
  /** whether there is a `connection: close` */
  close = false

  add(name: unknown, value: unknown): void {
    if (typeof value === 'string') {
      this.#addLine(name, value)
    } else if (Array.isArray(value)) {
      this.#addList(name, value)
    } else if (value === null) {
      this.#addLine(name, '')
    } else if (typeof value === 'object') {
      throw invalid(name)
    } else if (value !== undefined) {
      this.#addLine(name, coerced(value, name))
    }
  }

  #addLine(name: unknown, value: string): void {
    const kind = knownNames.get(name as string) ?? nameKind(name)
    if (invalidValue.test(value)) {
      throw invalid(name)
    }
    if (kind === NameKind.plain) {
      this.lines += headerLine(name as string, value)
    } else {
      this.#addSpecial(name as string, value, kind)
    }
  }

  #addList(name: unknown, values: readonly unknown[]): void {
    const kind = nameKind(name)
    const texts = values.map((value) => {
      const text = value === null ? '' : typeof value === 'string' ? value : coerced(value, name)
      if (invalidValue.test(text)) {
        throw invalid(name)
      }
      return text
    })
    if (kind !== NameKind.plain && kind !== NameKind.contentType) {
      throw kind === NameKind.expect ? expectRefused() : invalid((name as string).toLowerCase())
    }
    this.hasContentType ||= kind === NameKind.contentType
    for (const text of texts) {
      this.lines += headerLine(name as string, text)
    }
  }

  #addSpecial(name: string, value: string, kind: NameKind): void {
    switch (kind) {
      case NameKind.host:
        if (this.host !== null) {
          throw new InvalidArgumentError('duplicate host header')
        }
        this.host = value
        break
      case NameKind.contentLength:
        if (this.contentLength !== -1) {
          throw new InvalidArgumentError('duplicate content-length header')
        }
        if (!digits.test(value)) {
          throw new InvalidArgumentError('invalid content-length header')
        }
        this.contentLength = Number(value)
        break
      case NameKind.contentType:
        this.hasContentType = true
        this.lines += headerLine(name, value)
        break
      case NameKind.connection:
        this.#addConnection(value)
        break
      case NameKind.expect:
        throw expectRefused()
      default:
        throw invalid(name.toLowerCase())
    }
  }

  // We write this header ourselves. Of the user's value only `close` matters.
  #addConnection(value: string): void {
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim()
      if (!token.test(option)) {
        throw new InvalidArgumentError('invalid connection header')
      }
      this.close ||= option === 'close'
    }
  }
}

/** Reads headers in all shapes that undici takes. Throws undici's errors. */
export function requestHeaders(headers: unknown): RequestHeaders {
  const result = new RequestHeaders()
  if (headers === null || headers === undefined) {
    return result
  }
  if (Array.isArray(headers)) {
    addFlat(result, headers)
  } else if (typeof headers !== 'object') {
    throw new InvalidArgumentError('headers must be an object or an array')
  } else if (isIterable(headers)) {
    addPairs(result, headers)
  } else {
    // Cheaper than Object.keys(), which makes an array.
    for (const name in headers) {
      if (Object.hasOwn(headers, name)) {
        result.add(name, (headers as Record<string, unknown>)[name])
      }
    }
  }
  return result
}

/** Returns one header in native's form, unchanged. */
export function headerLine(name: string, value: string): string {
  return `${name}: ${value}\0`
}

/** Whether `value` is allowed in a header. */
export function isHeaderValue(value: string): boolean {
  return !invalidValue.test(value)
}

/** Whether `text` may be a method or a header name. */
export function isToken(text: string): boolean {
  return token.test(text)
}

function addFlat(result: RequestHeaders, headers: readonly unknown[]): void {
  if (headers.length % 2 !== 0) {
    throw new InvalidArgumentError('headers array must be even')
  }
  for (let i = 0; i < headers.length; i += 2) {
    result.add(headers[i], headers[i + 1])
  }
}

function addPairs(result: RequestHeaders, headers: Iterable<unknown>): void {
  for (const pair of headers) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new InvalidArgumentError('headers must be in key-value pair format')
    }
    result.add(pair[0], pair[1])
  }
}

// An iterator on Object.prototype does not count: it would make every object iterable.
function isIterable(headers: object): headers is Iterable<unknown> {
  const iterator = (headers as Partial<Iterable<unknown>>)[Symbol.iterator]
  return (
    typeof iterator === 'function' &&
    (Object.hasOwn(headers, Symbol.iterator) ||
      iterator !== (Object.prototype as Partial<Iterable<unknown>>)[Symbol.iterator])
  )
}

function nameKind(name: unknown): NameKind {
  if (typeof name !== 'string' || !token.test(name)) {
    throw new InvalidArgumentError('invalid header key')
  }
  const kind = special.get(name.toLowerCase()) ?? NameKind.plain
  if (knownNames.size < mostKnownNames) {
    knownNames.set(name, kind)
  }
  return kind
}

function coerced(value: unknown, name: unknown): string {
  if (typeof value === 'object' || typeof value === 'symbol') {
    throw invalid(name)
  }
  return `${value as number}`
}

function invalid(name: unknown): Error {
  return new InvalidArgumentError(`invalid ${String(name)} header`)
}

function expectRefused(): Error {
  return new NotSupportedError('expect header not supported')
}
