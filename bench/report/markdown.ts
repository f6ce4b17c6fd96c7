/** The results as Markdown tables. */
import { number, times } from '../support/format.ts'
import { isOfSeries } from '../support/series.ts'
import type { Row } from '../support/report.ts'
import type { Results } from './results.ts'

/** Rates and JavaScript CPU of every scenario, and other figures with a target. Series have a chart instead. */
const isShown = ({ scenario, column, target }: Row): boolean =>
  column === 'memory' ||
  (!isOfSeries(scenario) && (column === 'rate' || column === 'jsCpu' || target !== undefined))

export function markdownTable(rows: readonly Row[]): string {
  const lines = rows.filter(isShown).map((row, index, shown) => {
    const title = shown[index - 1]?.scenario === row.scenario ? '' : row.title
    const spread = `${times(row.lowestRatio)} to ${times(row.highestRatio)}`
    return [title, row.unit, number(row.undici), number(row.dodici), bold(row.ratio), spread]
  })
  return table(['', '', 'undici', 'dodici', 'ratio', 'in the rounds'], lines)
}

/** The table of other clients, if some took part. */
export function othersTable(rows: readonly Row[]): string {
  const lines = rows.filter(isShown).flatMap((row) =>
    row.others.map(({ client, value, ratio }) => {
      return [row.title, row.unit, client, number(value), times(ratio)]
    }),
  )
  return lines.length === 0 ? '' : table(['', '', 'client', '', 'to undici'], lines)
}

export function section({ machine, nginx, versions, date, rows }: Results): string {
  const ground = `Measured on ${date} on ${machine}, which also ran nginx ${nginx}; undici ${versions.undici}, dodici ${versions.dodici}.`
  const reading = 'Medians; the ratio is dodici to undici, round by round.'
  return [`${ground} ${reading}`, markdownTable(rows), othersTable(rows)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Some scenarios as one line each, for a page that only links to the rest. */
export function summary(rows: readonly Row[], scenarios: readonly string[]): string {
  const ratio = (name: string, column: Row['column']): string =>
    times(rows.find((row) => row.scenario === name && row.column === column)?.ratio ?? Number.NaN)
  const lines = scenarios.flatMap((name) => {
    const title = rows.find(({ scenario }) => scenario === name)?.title
    return title === undefined ? [] : [[title, ratio(name, 'rate'), ratio(name, 'jsCpu')]]
  })
  return table(['dodici : undici', 'requests/s or bytes/s', 'CPU of the JavaScript thread'], lines)
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

const bold = (ratio: number): string => `**${times(ratio)}**`
