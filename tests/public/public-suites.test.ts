/**
 * Other projects' tests, unchanged, over undici and over dodici: each must have the same result. The packages under
 * suites/ ship them; `undici` in them is an undici with dodici's classes, and the built-in fetch goes over dodici.
 */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runSuite } from './run-suite.ts'
import type { Outcome } from './run-suite.ts'
import { suites } from './suites.ts'

function summary(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ test, outcome }) => `${outcome} ${test}`).toSorted()
}

describe.runIf(agentKind === 'dodici')('a public suite', () => {
  it.each(suites)(
    'of $name ends as over undici',
    { timeout: 240_000 },
    async ({ atLeast, otherwise = {}, ...suite }) => {
      const [plain, ours] = await Promise.all([
        runSuite(suite, 'undici'),
        runSuite(suite, 'dodici'),
      ])
      const passed = plain.filter(({ outcome }) => outcome === 'pass')
      expect(passed.length).toBeGreaterThanOrEqual(atLeast)
      expect(plain.filter(({ outcome }) => outcome === 'fail')).toEqual([])
      const failures = ours.filter(({ outcome }) => outcome === 'fail')
      const unmeant = failures.filter(({ test }) => !Object.hasOwn(otherwise, test))
      expect(unmeant).toEqual([])
      expect(summary(ours)).toEqual(
        summary(
          plain.map((outcome) =>
            Object.hasOwn(otherwise, outcome.test) ? { ...outcome, outcome: 'fail' } : outcome,
          ),
        ),
      )
      // It was dodici that sent the requests.
      expect(plain.at(-1)?.dispatched).toBe(0)
      expect(ours.at(-1)?.dispatched).toBeGreaterThan(0)
    },
  )
})
