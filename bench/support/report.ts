/** Medians, ratios and the table. */
import type { ClientName } from '../clients/client.ts'
import type { Column, Scenario, Target } from '../scenarios/scenario.ts'
import { number, times } from './format.ts'
import { columnsOf } from './columns.ts'
import type { Round } from './trials.ts'

export interface Row {
  readonly scenario: string
  readonly title: string
  readonly column: Column
  readonly unit: string
  /** Medians over the rounds. */
  readonly undici: number
  readonly dodici: number
  /** dodici : undici, round by round; the median, the lowest and the highest. */
  readonly ratio: number
  readonly lowestRatio: number
  readonly highestRatio: number
  readonly others: readonly OtherValue[]
  readonly target: Target | undefined
  readonly reached: boolean | undefined
}

export interface ScenarioReport {
  readonly scenario: string
  readonly rows: readonly Row[]
  readonly rounds: readonly Round[]
}

export interface OtherValue {
  readonly client: ClientName
  readonly value: number
  /** Ratio of the other client to undici. */
  readonly ratio: number
}

export function rowsOf(scenario: Scenario, rounds: readonly Round[]): Row[] {
  return columnsOf(scenario).map(([column, { unit, read }]) => {
    const ratios = rounds.map(({ undici, dodici }) => read(dodici) / read(undici))
    const ratio = median(ratios)
    const target = scenario.targets[column]
    return {
      scenario: scenario.name,
      title: scenario.title,
      column,
      unit,
      undici: median(rounds.map(({ undici }) => read(undici))),
      dodici: median(rounds.map(({ dodici }) => read(dodici))),
      ratio,
      lowestRatio: Math.min(...ratios),
      highestRatio: Math.max(...ratios),
      others: (rounds[0]?.others ?? []).map(({ client }, index) => {
        const pairs = rounds.flatMap(({ undici, others }) => {
          const other = others[index]
          return other ? [{ value: read(other), ratio: read(other) / read(undici) }] : []
        })
        return {
          client,
          value: median(pairs.map(({ value }) => value)),
          ratio: median(pairs.map(({ ratio }) => ratio)),
        }
      }),
      target,
      reached: target && ratio >= (target.atLeast ?? 0) && ratio <= (target.atMost ?? Infinity),
    }
  })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

const widths = [28, 12, 12, 10, 17, 10, 8] as const
const heads = ['', 'undici', 'dodici', 'ratio', 'lowest–highest', 'target', ''] as const

export function headLine(): string {
  return line(heads)
}

/** Formats a scenario's lines of the table. */
export function format(rows: readonly Row[]): string {
  const title = rows[0] ? `${rows[0].scenario}: ${rows[0].title}` : ''
  const lines = rows.flatMap((row) => [
    line([
      `  ${row.unit}`,
      number(row.undici),
      number(row.dodici),
      times(row.ratio),
      `${times(row.lowestRatio)}–${times(row.highestRatio)}`,
      targetText(row.target),
      row.reached === undefined ? '' : row.reached ? 'reached' : 'MISSED',
    ]),
    ...row.others.map(({ client, value, ratio }) =>
      line([`    ${client}`, '', number(value), times(ratio)]),
    ),
  ])
  return [title, ...lines].join('\n')
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i] ?? 0)))
    .join('')
    .trimEnd()
}

function targetText(target: Target | undefined): string {
  if (target?.atLeast !== undefined) return `>= ${target.atLeast}x`
  return target?.atMost === undefined ? '' : `<= ${target.atMost}x`
}
