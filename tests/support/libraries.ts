/** The same program over undici and over dodici, which have the same names. */
import * as undici from 'undici'
import { expect } from 'vitest'
import * as dodici from '../../lib/index.ts'

export type Library = typeof undici

export const libraries: readonly { name: string; library: Library }[] = [
  { name: 'undici', library: undici },
  { name: 'dodici', library: dodici as unknown as Library },
]

/** Plays it on both, expects the same of both, and returns that. */
export async function onBoth<T>(play: (library: Library) => Promise<T> | T): Promise<T> {
  const [expected, ours] = [await play(undici), await play(dodici as unknown as Library)]
  expect(expected).toBeDefined()
  expect(ours).toEqual(expected)
  return ours
}

/** What came of making something. */
export function outcomeOf(make: () => unknown): unknown {
  try {
    make()
    return 'made'
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    return { name, code, message }
  }
}
