/** Runs the same program over undici and over dodici, which export the same names. */
import * as undici from 'undici'
import { expect, onTestFinished } from 'vitest'
import * as dodici from '../../lib/index.ts'

export type Library = typeof undici

export const ours: Library = dodici as unknown as Library

export const libraries: readonly { name: string; library: Library }[] = [
  { name: 'undici', library: undici },
  { name: 'dodici', library: ours },
]

/** Plays it on both, expects the same result, and returns it. */
export async function onBoth<T>(play: (library: Library) => Promise<T> | T): Promise<T> {
  const expected = await play(undici)
  const actual = await play(ours)
  expect(expected).toBeDefined()
  expect(actual).toEqual(expected)
  return actual
}

/** Returns what `make` returns or throws, in comparable form. */
export function outcomeOf(make: () => unknown): unknown {
  try {
    make()
    return 'made'
  } catch (error) {
    return toldOf(error)
  }
}

/** Destroys the dispatcher after the test. */
export function using<T extends undici.Dispatcher>(dispatcher: T): T {
  onTestFinished(() => dispatcher.destroy())
  return dispatcher
}

/** The properties of an error that programs read. */
export function toldOf(error: unknown): {
  name: string
  code: string | undefined
  message: string
} {
  const { name, code, message } = error as Error & { code?: string }
  return { name, code, message }
}
