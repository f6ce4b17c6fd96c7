import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

export type HeaderPair = readonly [name: string, value: string]

/** Headers as an object, or as pairs, such as `Headers` and `Map`. */
export type HeadersLike =
  | Record<string, string | readonly string[] | undefined>
  | Iterable<readonly [name: string, value: string]>

/** Credentials and names of one origin, which must not be sent to another. */
const ofOneOrigin = new Set(['authorization', 'proxy-authorization', 'cookie', 'host'])

/** Reads headers. Throws undici's error if they have another form; names and values are checked later. */
export function headerPairs(headers: unknown): HeaderPair[] {
  if (headers === undefined || headers === null) {
    return []
  }
  if (typeof headers !== 'object') {
    throw new InvalidArgumentError('headers must be an object or pairs')
  }
  const isIterable = Symbol.iterator in headers
  const entries: unknown[] = isIterable
    ? [...(headers as Iterable<unknown>)]
    : Object.entries(headers)
  return entries.flatMap((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') {
      throw new InvalidArgumentError('headers must be an object or pairs')
    }
    const [name, value] = entry as [string, unknown]
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value]
    return values.map((one: unknown): HeaderPair => {
      if (typeof one !== 'string') {
        throw new InvalidArgumentError(`headers: the value of ${name} must be a string`)
      }
      return [name, one]
    })
  })
}

/** Those headers that another origin may see. */
export function headersForOthers(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => !ofOneOrigin.has(name.toLowerCase()))
}
