// Adds up the test counts of all runners for one closing line, with the names of failed cases.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from './paths.mjs'

export const none = { passed: 0, failed: 0, skipped: 0, names: [] }

export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    names: [...a.names, ...b.names],
  }
}

/** A line for each failed case, and then the total. `.ci/run` repeats these lines at its end. */
export function closingLines({ passed, failed, skipped, names }, label = '') {
  const lines = names.map((name) => `failed: ${label}${name}`)
  return [...lines, `${label}${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n')
}

/**
 * From `ctest --output-junit`, where each GoogleTest case counts. A run without a report or without cases has failed.
 */
export function fromCtest(file, exitCode) {
  const report = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const suite = /<testsuite\b[^>]*>/.exec(report)?.[0] ?? ''
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const skipped = number('skipped') + number('disabled')
  const failed = number('failures')
  const names = [...report.matchAll(/<testcase name="([^"]*)"[^>]*status="fail"/g)].map(
    ([, name]) => name,
  )
  const passed = number('tests') - failed - skipped
  return orFailed({ passed, failed, skipped, names }, exitCode)
}

/** From what the reporter of vitest-counts.mjs has written. */
export function fromVitest(file, exitCode) {
  const missing = { ...none, names: [`no report in ${relative(root, file)}`] }
  return orFailed(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : missing, exitCode)
}

// A runner that reports failure has failed, even if it counts none; so has one that ran nothing.
function orFailed(counts, exitCode) {
  const bad = exitCode !== 0 || counts.passed + counts.failed + counts.skipped === 0
  if (!bad || counts.failed > 0) return counts
  const names =
    counts.names.length > 0 ? counts.names : [`a test runner, with exit code ${exitCode}`]
  return { ...counts, failed: 1, names }
}
