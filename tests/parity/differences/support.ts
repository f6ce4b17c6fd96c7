/** Shared by the tables of differences. */
import { ours } from '../../support/libraries.ts'
import type { Library } from '../../support/libraries.ts'
import type { Stage } from '../scenario.ts'

export async function libraryOf({ kind }: Stage): Promise<Library> {
  return kind === 'dodici' ? ours : import('undici')
}

/** Whether the condition becomes true within a while. */
export async function happens(condition: () => boolean, withinMs = 300): Promise<boolean> {
  const end = performance.now() + withinMs
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return condition()
}

/** The parts of an error by which users distinguish it. */
export function told(error: unknown): string {
  const { name, code } = error as Error & { code?: string }
  return code === undefined ? name : `${name} ${code}`
}
