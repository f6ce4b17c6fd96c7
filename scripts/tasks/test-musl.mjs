// `npm run test:musl`: what can be tested here of the addon for Linux with musl. Core's cases are linked statically, and so run on
// any Linux. Of the packed addon it is tested what the file needs, that musl's dynamic linker loads it, and that Bun makes
// requests with it. The suites run on it in containers of Alpine, by release.yml.
import { join } from 'node:path'
import { loadOnMusl } from '../package/musl-load.mjs'
import { packagesFolder } from '../package/tarballs.mjs'
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepareTarget } from '../setup/index.mjs'
import { ensureMuslBun, ensureMuslLinker } from '../setup/musl-bun.mjs'
import { add, closingLines } from '../support/counts.mjs'
import { say } from '../support/run.mjs'
import { runCtest, runVitest } from '../support/suites.mjs'
import { platformOf, presetOf, targetOf } from '../support/targets.mjs'
import { packTarget } from './package.mjs'

const suites = ['tests/architecture/addon-binary.test.ts', 'tests/package/musl.test.ts']

export async function run() {
  const target = targetOf('x64-musl')
  await prepareTarget(target, 'test')
  await packTarget(target)
  const ofAddon = await testAddon(target)
  const preset = presetOf('dev', target)
  await buildPreset(preset, { targets: ['core_tests'] })
  const counts = add(ofAddon, await runCtest(preset))
  process.stdout.write(`\n${closingLines(counts, 'musl: ')}\n`)
  return counts.failed === 0 ? 0 : 1
}

async function testAddon(target) {
  const addon = join(packagesFolder, platformOf(target), 'dodici.node')
  const linker = await ensureMuslLinker()
  await loadOnMusl(addon, target, linker)
  say('musl’s dynamic linker loads the addon.')
  await buildLib()
  const bun = await ensureMuslBun(target, linker)
  return runVitest(suites, {
    env: { DODICI_ADDON: addon, DODICI_PACKAGES: '1', DODICI_MUSL_BUN: bun },
  })
}
