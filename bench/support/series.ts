/** Collects scenarios that differ by one number into curves of the process's cost per request. */
import { scenarios } from '../scenarios/index.ts'
import type { Series } from '../scenarios/scenario.ts'
import { number, times } from './format.ts'
import type { Row } from './report.ts'

export interface Curve {
  readonly name: string
  readonly title: string
  readonly points: readonly Point[]
}

export interface Point {
  readonly at: number
  /** CPU time of the process per request, in microseconds. */
  readonly undici: number
  readonly dodici: number
}

const seriesOf = (scenario: string): Series | undefined =>
  scenarios.find(({ name }) => name === scenario)?.series

export const isOfSeries = (scenario: string): boolean => seriesOf(scenario) !== undefined

/** Returns the curves with at least two points. */
export function curvesOf(rows: readonly Row[]): Curve[] {
  const byName = new Map<string, { title: string; points: Point[] }>()
  for (const { scenario, column, undici, dodici } of rows) {
    const series = seriesOf(scenario)
    if (!series || column !== 'processCpu') continue
    const curve = byName.get(series.name) ?? { title: series.title, points: [] }
    curve.points.push({ at: series.at, undici, dodici })
    byName.set(series.name, curve)
  }
  return [...byName]
    .map(([name, curve]) => ({ name, ...curve }))
    .filter(({ points }) => points.length > 1)
}

/** Returns how each point's cost compares with the lowest of its curve. */
export function growthOf({ title, points }: Curve): string {
  const line = (client: 'undici' | 'dodici'): string => {
    const least = Math.min(...points.map((point) => point[client]))
    const cells = points.map((point) => `${number(point.at)}: ${times(point[client] / least)}`)
    return `  ${client.padEnd(8)}${cells.join('   ')}`
  }
  return [`${title}: process CPU per request, to the least`, line('undici'), line('dodici')].join(
    '\n',
  )
}
