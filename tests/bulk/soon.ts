import { expect } from 'vitest'
import { timeFactor } from '../support/time-factor.ts'

/** The longest time, in milliseconds, from a signal until the server has seen the end of all connections. */
const kSoon = 100 * timeFactor

/** Asserts that it was soon enough. A machine under load is sometimes late, but not in three rounds of four. */
export function expectSoon(delays: readonly number[]): void {
  const sorted = delays.toSorted((a, b) => a - b)
  expect(sorted[sorted.length >> 2]).toBeLessThan(kSoon)
}
