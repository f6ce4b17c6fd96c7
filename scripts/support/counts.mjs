// Counts of test cases, added up over the test runners into one closing line.
import { existsSync, readFileSync } from 'node:fs'

export const none = { passed: 0, failed: 0, skipped: 0 }

export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** From `ctest --output-junit`: each GoogleTest case is one. A run that left no report, or no case, has failed. */
export function fromCtest(file, exitCode) {
  const report = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const suite = /<testsuite\b[^>]*>/.exec(report)?.[0] ?? ''
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const skipped = number('skipped') + number('disabled')
  const failed = number('failures')
  return orFailed({ passed: number('tests') - failed - skipped, failed, skipped }, exitCode)
}

/** From vitest's JSON report; a file that could not even be loaded counts as one failed test. */
export function fromVitest(file, exitCode) {
  if (!existsSync(file)) return orFailed(none, exitCode)
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  }
  return orFailed(counts, exitCode)
}

// A runner that says it failed is believed, even when its report counts no failure; so is one that ran nothing.
function orFailed(counts, exitCode) {
  const bad = exitCode !== 0 || counts.passed + counts.failed + counts.skipped === 0
  return bad && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
