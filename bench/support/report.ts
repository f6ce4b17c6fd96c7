/** Medians, ratios and the table. */
import type { Column, Scenario, Target } from '../scenarios/scenario.ts'
import type { Pair, TrialResult } from './trials.ts'

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
  readonly target: Target | undefined
  readonly reached: boolean | undefined
}

const kGiga = 1e9
const kMega = 1e6

interface ColumnReader {
  readonly unit: string
  readonly read: (result: TrialResult) => number
}

const perRequest: Record<Column, ColumnReader> = {
  rate: { unit: 'requests/s', read: (r) => r.requests / r.seconds },
  jsCpu: { unit: 'JS thread, µs/request', read: (r) => r.jsCpuMicros / r.requests },
  processCpu: { unit: 'process, µs/request', read: (r) => r.processCpuMicros / r.requests },
}

const perByte: Record<Column, ColumnReader> = {
  rate: { unit: 'MB/s', read: (r) => r.bytes / kMega / r.seconds },
  jsCpu: { unit: 'JS thread, ms/GB', read: (r) => r.jsCpuMicros / 1000 / (r.bytes / kGiga) },
  processCpu: {
    unit: 'process, ms/GB',
    read: (r) => r.processCpuMicros / 1000 / (r.bytes / kGiga),
  },
}

export function rowsOf(scenario: Scenario, pairs: readonly Pair[]): Row[] {
  const columns = scenario.unit === 'byte' ? perByte : perRequest
  return (Object.keys(columns) as Column[]).map((column) => {
    const { unit, read } = columns[column]
    const ratios = pairs.map((pair) => read(pair.dodici) / read(pair.undici))
    const ratio = median(ratios)
    const target = scenario.targets[column]
    return {
      scenario: scenario.name,
      title: scenario.title,
      column,
      unit,
      undici: median(pairs.map((pair) => read(pair.undici))),
      dodici: median(pairs.map((pair) => read(pair.dodici))),
      ratio,
      lowestRatio: Math.min(...ratios),
      highestRatio: Math.max(...ratios),
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

const widths = [24, 12, 12, 10, 17, 10, 8] as const
const heads = ['', 'undici', 'dodici', 'ratio', 'lowest–highest', 'target', ''] as const

export function headLine(): string {
  return line(heads)
}

/** A scenario's lines of the table. */
export function format(rows: readonly Row[]): string {
  const title = rows[0] ? `${rows[0].scenario}: ${rows[0].title}` : ''
  const lines = rows.map((row) =>
    line([
      `  ${row.unit}`,
      number(row.undici),
      number(row.dodici),
      times(row.ratio),
      `${times(row.lowestRatio)}–${times(row.highestRatio)}`,
      targetText(row.target),
      row.reached === undefined ? '' : row.reached ? 'reached' : 'MISSED',
    ]),
  )
  return [title, ...lines].join('\n')
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i] ?? 0)))
    .join('')
    .trimEnd()
}

function number(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 0.1 ? 3 : 2)}x`
}

function targetText(target: Target | undefined): string {
  if (target?.atLeast !== undefined) return `>= ${target.atLeast}x`
  return target?.atMost === undefined ? '' : `<= ${target.atMost}x`
}
