// `npm run check`: the static checks of the code, and the architecture tests. All checks run even if some fail, so that
// one run shows everything. `npm run fix` fixes formatting.
import { runClangTidy } from '../check/clang-tidy.mjs'
import { clangFormat, oxfmt, oxlint, publint, reference, typeCheck } from '../check/tools.mjs'
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { ensureTypedoc } from '../setup/node-modules.mjs'
import { say, seconds } from '../support/run.mjs'
import { runVitest } from '../support/suites.mjs'

const checks = {
  'clang-format': () => clangFormat('--dry-run', '-Werror'),
  oxfmt: () => oxfmt('--check'),
  oxlint: () => oxlint(),
  tsc: typeCheck,
  publint,
  reference,
  architecture: async () => (await runVitest(['tests/architecture'])).failed === 0,
  'clang-tidy': runClangTidy,
}

export async function run() {
  await prepare('test', 'check')
  await ensureTypedoc()
  await buildPreset('dev')
  await buildLib()
  const failed = []
  for (const [name, check] of Object.entries(checks)) {
    const start = performance.now()
    say(`── ${name}`)
    if (!(await check())) failed.push(name)
    say(`── ${name}: ${failed.includes(name) ? 'FAILED' : 'ok'}, ${seconds(start)}`)
  }
  say(
    failed.length === 0
      ? '\nAll checks passed.'
      : `\nFailed checks: ${failed.join(', ')}. Formatting: npm run fix.`,
  )
  return failed.length === 0 ? 0 : 1
}
