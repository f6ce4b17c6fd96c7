/**
 * Two runs with `--json`, as a table: `node bench/compare.ts base.json branch.json`. Compared are the ratios to undici, so
 * that a machine that was slower the second time does not count. Fails when one is worse by more than a fifth and in every
 * single round.
 */
import { readFileSync } from 'node:fs'
import { compared, comparisonTable } from './report/comparison.ts'
import type { Row } from './support/report.ts'

const [base, branch] = process.argv.slice(2).map((file) => {
  const run = JSON.parse(readFileSync(file, 'utf8')) as { reports: { rows: Row[] }[] }
  return run.reports.flatMap(({ rows }) => rows)
})
if (!base || !branch) throw new Error('two files, please: base.json branch.json')
const changes = compared(base, branch)
console.log(comparisonTable(changes))
process.exitCode = changes.some(({ isWorse }) => isWorse) ? 1 : 0
