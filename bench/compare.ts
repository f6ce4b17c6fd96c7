/**
 * Compares two runs with `--json` in a table: `node bench/compare.ts base.json branch.json`. It compares ratios to
 * undici, so a machine that was slower the second time does not matter. Fails if one is worse by more than a fifth, and
 * in every round.
 */
import { readFileSync } from 'node:fs'
import { compared, comparisonTable } from './report/comparison.ts'
import type { Row } from './support/report.ts'

const [base, branch] = process.argv.slice(2).map((file) => {
  const run = JSON.parse(readFileSync(file, 'utf8')) as { reports: { rows: Row[] }[] }
  return run.reports.flatMap(({ rows }) => rows)
})
if (!base || !branch) throw new Error('give two files: base.json branch.json')
const changes = compared(base, branch)
console.log(comparisonTable(changes))
process.exitCode = changes.some(({ isWorse }) => isWorse) ? 1 : 0
