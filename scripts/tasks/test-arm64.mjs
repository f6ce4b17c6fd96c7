// `npm run test:arm64 [-- words]`: core's cases, and the contract and addon suites (words select others) in Node for arm64 with
// the addon of its package. A machine of another kind runs them under qemu-user, which is slow. `--packed` builds nothing: it
// takes the package that is in build/packages, and leaves out core's cases, which no package has.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { platformManifest } from '../package/manifests.mjs'
import { packagesFolder } from '../package/tarballs.mjs'
import { buildLib, buildPreset } from '../setup/build.mjs'
import { ensureEmulatedNodes } from '../setup/emulated-nodes.mjs'
import { prepare, prepareTarget, prepareTools } from '../setup/index.mjs'
import { add, closingLines, none } from '../support/counts.mjs'
import { logOf } from '../support/paths.mjs'
import { runLogged } from '../support/run.mjs'
import { runCtest, runVitest } from '../support/suites.mjs'
import { presetOf, targetOf } from '../support/targets.mjs'
import { pack, packTarget } from './package.mjs'

const suites = [
  ...['tests/contract', 'tests/addon', 'tests/package/file.test.ts'],
  'tests/architecture/addon-binary.test.ts',
]
const platform = 'linux-arm64-gnu'

export async function run(args) {
  const options = { packed: { type: 'boolean' } }
  const { values, positionals: words } = parseArgs({ args, options, allowPositionals: true })
  const target = targetOf('arm64')
  const core = values.packed ? await takePacked(target) : await buildAll(target)
  await buildLib()
  const nodes = target && (await ensureEmulatedNodes(target))
  const nodeArgs = nodes === undefined ? [] : ['--require', join(nodes, 'node24.cjs')]
  const env = {
    DODICI_ADDON: await unpackAddon(),
    DODICI_PACKAGES: '1',
    ...(nodes !== undefined && { DODICI_EMULATED_NODES: nodes, DODICI_TIME_FACTOR: '20' }),
  }
  const chosen = words.length > 0 ? words : suites
  const counts = add(core, await runVitest(chosen, { nodeArgs, env }))
  process.stdout.write(`\n${closingLines(counts, 'arm64: ')}\n`)
  return counts.failed === 0 ? 0 : 1
}

async function takePacked(target) {
  await prepareTools('test', ...(target === undefined ? [] : [target.name]))
  return none
}

/** Packs, and returns the counts of core's cases. */
async function buildAll(target) {
  await (target === undefined ? prepare('test') : prepareTarget(target, 'test'))
  await (target === undefined ? pack() : packTarget(target))
  const preset = presetOf('dev', target)
  await buildPreset(preset, { targets: ['core_tests'] })
  return runCtest(preset)
}

/** Returns the addon's path. It is unpacked, so that what is published is what is tested. */
async function unpackAddon() {
  const { name, version } = platformManifest(platform)
  const tarball = join(packagesFolder, `${name.slice(1).replace('/', '-')}-${version}.tgz`)
  await runLogged({
    title: 'unpacking the addon',
    command: 'tar',
    args: ['-xzf', tarball, '-C', packagesFolder, '--transform', `s/^package/${platform}/`],
    log: logOf('package'),
  })
  return join(packagesFolder, platform, 'dodici.node')
}
