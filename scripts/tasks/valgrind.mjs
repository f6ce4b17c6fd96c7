// `npm run test:valgrind`: core's cases under memcheck, which, unlike the sanitizers, finds uninitialized reads and
// leaks in the bundled libraries.
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { inRoot, preparedEnv, root } from '../support/paths.mjs'
import { runVisible } from '../support/run.mjs'

const leaks = 'definite,indirect'

export async function run() {
  await prepare('test', 'valgrind')
  await buildPreset('dev', { targets: ['core_tests'] })
  const memcheck = [
    '--quiet',
    '--error-exitcode=1',
    `--suppressions=${inRoot('tests/support/memcheck.supp')}`,
    '--leak-check=full',
    `--show-leak-kinds=${leaks}`,
    `--errors-for-leak-kinds=${leaks}`,
  ]
  // Fewer runs of the fuzz targets, and no death tests, which fork.
  const cases = [inRoot('build/dev/tests/core/core_tests'), '--gtest_filter=-*DeathTest*']
  const env = preparedEnv({ DODICI_FUZZ_RUNS: '50', GTEST_BRIEF: '1' })
  return runVisible('valgrind', [...memcheck, ...cases], { cwd: root, env })
}
