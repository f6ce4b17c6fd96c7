import { expect } from 'vitest'
import { Stage } from './scenario.ts'
import type { Outcome } from './scenario.ts'

/** Plays a scenario with undici, then with ours, which must come to the same. Gives back that. */
export async function both(play: (stage: Stage) => Promise<Outcome>): Promise<Outcome> {
  const run = async (kind: 'undici' | 'dodici'): Promise<Outcome> => {
    const stage = new Stage(kind)
    try {
      return await play(stage)
    } finally {
      await stage.clear()
    }
  }
  const expected = await run('undici')
  expect(expected).toBeDefined()
  const ours = await run('dodici')
  expect(ours).toEqual(expected)
  return ours
}
