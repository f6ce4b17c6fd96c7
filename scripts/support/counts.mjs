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

/** From vitest's JSON report; a file that could not even be loaded counts as one failed test. */
export function fromVitest(file, exitCode) {
  if (!existsSync(file))
    return orFailed({ ...none, names: [`no report in ${relative(root, file)}`] }, exitCode)
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
    names: report.testResults.flatMap(failuresIn),
  }
  return orFailed(counts, exitCode)
}

function failuresIn({ name: file, status, message, assertionResults }) {
  const path = relative(root, file)
  if (status === 'failed' && assertionResults.length === 0)
    return [`${path}: ${firstLine(message)}`]
  return assertionResults
    .filter((result) => result.status === 'failed')
    .map(
      ({ fullName, failureMessages }) => `${path}: ${fullName}: ${firstLine(failureMessages[0])}`,
    )
}

function firstLine(text = '') {
  return text.split('\n', 1)[0].slice(0, 300)
}

// A runner that reports failure has failed, even if it counts none; so has one that ran nothing.
function orFailed(counts, exitCode) {
  const bad = exitCode !== 0 || counts.passed + counts.failed + counts.skipped === 0
  return bad && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
