// node one-by-one.mjs FILES: test files that use node:test, one after another in this process. Each file is loaded when
// the tests of the one before have ended, so that what it does on loading disturbs no other's tests.
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

// Without it the process would end within a test that waits for what does not keep it alive.
setInterval(() => {}, 60_000)

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    console.error(file, error)
    process.exit(1)
  }
  // The tests of a file run in the order in which they were declared: behind this one there is none left.
  await test('end of file', () => {})
}
// Servers that a suite leaves open would keep the process: who reads this ends it.
await test('end of all', () => {})
