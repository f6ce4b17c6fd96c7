/**
 * The worst ratios to undici that a change may have. They are far enough from the measured ones to report only real
 * losses.
 */
import { readFileSync } from 'node:fs'
import type { Column, Target } from '../scenarios/scenario.ts'
import { times } from './format.ts'
import type { Row } from './report.ts'

export type Floors = Readonly<Record<string, Partial<Record<Column, Target>>>>

export const readFloors = (): Floors =>
  JSON.parse(readFileSync(new URL('../floors.json', import.meta.url), 'utf8')) as Floors

/**
 * Returns a line for each ratio that is worse than its floor in every round, because a stall affects only one. A
 * missing figure counts as worse.
 */
export function beyondFloors(floors: Floors, rows: readonly Row[]): string[] {
  return Object.entries(floors).flatMap(([scenario, columns]) =>
    (Object.entries(columns) as [Column, Target][]).flatMap(([column, { atLeast, atMost }]) => {
      const row = rows.find((row) => row.scenario === scenario && row.column === column)
      const { highestRatio = Number.NaN, lowestRatio = Number.NaN } = row ?? {}
      if (highestRatio >= (atLeast ?? 0) && lowestRatio <= (atMost ?? Infinity)) return []
      const limit = atLeast === undefined ? `at most ${atMost}x` : `at least ${atLeast}x`
      return [
        `${scenario}: ${row?.unit ?? column} is ${times(row?.ratio ?? Number.NaN)} undici’s, not ${limit}`,
      ]
    }),
  )
}
