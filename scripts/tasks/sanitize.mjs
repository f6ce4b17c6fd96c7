// `npm run test:asan`, `npm run test:tsan`: core's cases in a sanitized build.
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { closingLine } from '../support/counts.mjs'
import { capture } from '../support/run.mjs'
import { runCtest } from '../support/suites.mjs'

export async function run([preset]) {
  await prepare()
  const wrap = preset === 'tsan' ? await fixedAddresses() : []
  await buildPreset(preset, { targets: ['core_tests'], wrap })
  const counts = await runCtest(preset, { wrap })
  process.stdout.write(`\n${preset}: ${closingLine(counts)}\n`)
  return counts.failed === 0 ? 0 : 1
}

/** Kernels that randomize addresses more than GCC 12's TSan expects make it stop at once; so no randomizing, if allowed. */
async function fixedAddresses() {
  const wrap = ['setarch', '--addr-no-randomize']
  return (await capture(wrap[0], [...wrap.slice(1), 'true'])) === undefined ? [] : wrap
}
