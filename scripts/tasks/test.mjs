// `npm test [-- words]`: builds, and runs core's cases, the TypeScript tests (words select some) and the type check.
// The last line has the total of all cases.
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { add, closingLines } from '../support/counts.mjs'
import { say } from '../support/run.mjs'
import { runCtest, runTypeCheck, runVitest } from '../support/suites.mjs'

export async function run(words) {
  await prepare('test')
  await buildPreset('dev')
  await buildLib()
  let counts = await runCtest('dev')
  counts = add(counts, await runVitest(words))
  if ((await runTypeCheck()) !== 0) {
    say('The type check failed; it counts as one failed test.')
    counts = add(counts, { passed: 0, failed: 1, skipped: 0, names: ['the type check'] })
  }
  process.stdout.write(`\n${closingLines(counts)}\n`)
  return counts.failed === 0 ? 0 : 1
}
