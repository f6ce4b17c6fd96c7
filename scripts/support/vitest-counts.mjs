// A vitest reporter: writes the counts and the name of everything that failed as JSON, for the closing line. vitest's
// own JSON report does not have what fails outside of a test: a hook, or an error that nobody caught.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from './paths.mjs'

export default class VitestCounts {
  onTestRunEnd(modules, unhandled) {
    const file = process.env.DODICI_TEST_COUNTS
    if (file !== undefined) writeFileSync(file, JSON.stringify(countsOf(modules, unhandled)))
  }
}

function countsOf(modules, unhandled) {
  const counts = { passed: 0, failed: 0, skipped: 0, names: [] }
  const fail = (where, errors) => {
    counts.failed++
    counts.names.push(`${where}: ${firstLine(errors[0])}`)
  }
  for (const module of modules) {
    const path = relative(root, module.moduleId)
    // The errors of a file or a describe() are of its hooks, or of its loading.
    if (module.errors().length > 0) fail(path, module.errors())
    for (const suite of module.children.allSuites())
      if (suite.errors().length > 0) fail(`${path}: ${suite.fullName}`, suite.errors())
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result()
      if (state === 'failed') fail(`${path}: ${test.fullName}`, errors)
      else counts[state === 'passed' ? 'passed' : 'skipped']++
    }
  }
  for (const error of unhandled) {
    const { VITEST_TEST_PATH: path, VITEST_TEST_NAME: test } = error
    fail(
      `nobody caught an error${path ? ` in ${relative(root, path)}` : ''}${test ? `: ${test}` : ''}`,
      [error],
    )
  }
  return counts
}

function firstLine(error) {
  const text = error === undefined ? 'no error' : `${error.name ?? 'Error'}: ${error.message}`
  return text.split('\n', 1)[0].slice(0, 300)
}
