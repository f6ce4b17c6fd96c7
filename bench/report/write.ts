/** `--report`: bench/results, and the sections of README.md and docs/performance.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Column } from '../scenarios/scenario.ts'
import { curvesOf, isOfSeries } from '../support/series.ts'
import type { Row } from '../support/report.ts'
import { barChart } from './bars.ts'
import type { BarRow } from './bars.ts'
import { curveChart } from './curves.ts'
import { withSection } from '../../scripts/docs/sections.ts'
import { section, summary } from './markdown.ts'
import { merged } from './results.ts'
import type { Results } from './results.ts'

/** The scenarios in the README: some of dodici's strengths, and those where undici is faster. */
const gains = ['h1', 'h2', 'post', 'fetch', 'download']
const losses = ['h1-1', 'h2-1', 'websocket']

const inBench = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Returns the files that it has written. */
export function writeReport(run: Results): string[] {
  const latest = inBench('results/latest.json')
  const earlier = existsSync(latest)
    ? (JSON.parse(readFileSync(latest, 'utf8')) as Results)
    : undefined
  const results = merged(earlier, run)
  const written: string[] = []
  const write = (path: string, text: string): void => {
    writeFileSync(inBench(path), text)
    written.push(inBench(path))
  }

  mkdirSync(inBench('results'), { recursive: true })
  write('results/latest.json', `${JSON.stringify(results, null, 2)}\n`)
  const images: string[] = []
  const subtitle = `${results.machine}; undici ${results.versions.undici}`
  const bars = barRows(results.rows)
  if (bars.length > 0) {
    const panels = ['requests/s or bytes/s: more is better', 'JS-thread CPU: less is better']
    const title = 'dodici : undici (the dashed line)'
    write('results/report.svg', barChart({ title, subtitle, panels, rows: bars }))
  }
  const curves = curvesOf(results.rows)
  if (curves.length > 0) {
    const title = 'CPU per request, all threads of the process'
    write('results/scale.svg', curveChart(title, subtitle, curves))
    images.push(
      '![CPU per request against requests in flight and origins](../bench/results/scale.svg)',
    )
  }
  const text = section(results)
  write('results/report.md', `${text}\n`)
  const update = (path: string, sections: Readonly<Record<string, string>>): void => {
    const before = readFileSync(inBench(path), 'utf8')
    const writer = 'npm run bench -- --report'
    const after = Object.entries(sections).reduce(
      (page, [name, text]) => withSection(page, name, writer, text),
      before,
    )
    write(path, after)
  }
  update('../README.md', {
    bench: summary(results.rows, gains),
    'bench-slower': summary(results.rows, losses),
  })
  update('../docs/performance.md', { bench: [text, ...images].join('\n\n') })
  return written
}

/** The scenarios outside of series that have such a figure. */
function barRows(rows: readonly Row[]): BarRow[] {
  const names = [...new Set(rows.map(({ scenario }) => scenario))]
  const ratio = (name: string, column: Column): number | undefined =>
    rows.find((row) => row.scenario === name && row.column === column)?.ratio
  return names
    .filter((name) => !isOfSeries(name))
    .map((name) => ({
      label: rows.find(({ scenario }) => scenario === name)?.title ?? name,
      ratios: [ratio(name, 'rate'), ratio(name, 'jsCpu')],
    }))
    .filter(({ ratios }) => ratios.some((each) => each !== undefined))
}
