/** What a row may expect besides plain values. */
import { expect } from 'vitest'

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

export function notMatching(pattern: RegExp): unknown {
  return expect.not.stringMatching(pattern)
}

/** Fields of which none has one of these names. */
export function without(...names: string[]): unknown {
  return expect.not.objectContaining(
    Object.fromEntries(names.map((name) => [name, expect.anything()])),
  )
}

export function oneOf(...values: unknown[]): unknown {
  return expect.toBeOneOf(values)
}
