// node one-by-one.mjs FILES: test files that use node:test, one after another in this process. Each file is loaded when
// the tests of the one before have ended, so that its loading disturbs no other tests.
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

// Without it the process would end within a test that waits for something that does not keep it alive.
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
// Servers that a suite leaves open would keep the process alive, so the reader of this line ends it.
await test('end of all', () => {})
