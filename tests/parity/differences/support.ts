/** What the tables of differences share. */
import { ours } from '../../support/libraries.ts'
import type { Library } from '../../support/libraries.ts'
import type { Stage } from '../scenario.ts'

export async function libraryOf({ kind }: Stage): Promise<Library> {
  return kind === 'dodici' ? ours : import('undici')
}

/** Whether it comes to hold: what never does is given a while, in which it would have. */
export async function happens(condition: () => boolean, withinMs = 300): Promise<boolean> {
  const end = performance.now() + withinMs
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return condition()
}

/** An error as a user tells it from others. */
export function told(error: unknown): string {
  const { name, code } = error as Error & { code?: string }
  return code === undefined ? name : `${name} ${code}`
}
