/** Decides whether a branch is slower than its base, by the ratios to undici in their runs. */
import { times } from '../support/format.ts'
import type { Row } from '../support/report.ts'
import { table } from './markdown.ts'

/** A difference up to this may be noise, even if no two rounds overlap. */
const kNoise = 1.2

export interface Change {
  readonly title: string
  readonly unit: string
  readonly base: number
  readonly branch: number
  /** Above 1 if the branch is better. */
  readonly gain: number
  readonly isWorse: boolean
}

/** Rates and JavaScript CPU of the scenarios that both have run. */
export function compared(base: readonly Row[], branch: readonly Row[]): Change[] {
  return branch.flatMap((after) => {
    const before = base.find(
      ({ scenario, column }) => scenario === after.scenario && column === after.column,
    )
    if (!before || (after.column !== 'rate' && after.column !== 'jsCpu')) return []
    const moreIsBetter = after.column === 'rate'
    const gain = moreIsBetter ? after.ratio / before.ratio : before.ratio / after.ratio
    const isApart = moreIsBetter
      ? after.highestRatio < before.lowestRatio
      : after.lowestRatio > before.highestRatio
    const { title, unit, ratio } = after
    const isWorse = isApart && gain < 1 / kNoise
    return [{ title, unit, base: before.ratio, branch: ratio, gain, isWorse }]
  })
}

export function comparisonTable(changes: readonly Change[]): string {
  const lines = changes.map(({ title, unit, base, branch, gain, isWorse }) => {
    return [title, unit, times(base), times(branch), times(gain), isWorse ? '**worse**' : '']
  })
  return table(['', 'dodici : undici', 'base', 'branch', 'gain', ''], lines)
}
