// `npm run package`: the packages as they are published, in build/packages: dodici itself, and the addon for this machine's
// kind, stripped, with its debug symbols beside it. `npm run package -- arm64` (or x64-musl, arm64-musl) adds the
// addon for another kind, from a cross build.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findBundled } from '../bundled/index.mjs'
import { checkAddon, strip } from '../package/addon-file.mjs'
import { mainManifest, pathModule, platformManifest } from '../package/manifests.mjs'
import { writeNotices } from '../package/notices.mjs'
import { platforms } from '../package/platforms.mjs'
import { packagesFolder, packTarball } from '../package/tarballs.mjs'
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepare, prepareTarget } from '../setup/index.mjs'
import { addonOf, inRoot } from '../support/paths.mjs'
import { say } from '../support/run.mjs'
import { platformOf, presetOf, targetOf } from '../support/targets.mjs'

export async function run([name]) {
  const target = targetOf(name)
  if (target !== undefined) return packTarget(target)
  await prepare()
  await pack()
}

/** Builds and packs the addon for a target, beside what is packed already. */
export async function packTarget(target) {
  await prepareTarget(target)
  await buildPreset(presetOf('release', target), { targets: ['dodici_addon'] })
  mkdirSync(packagesFolder, { recursive: true })
  report([await packAddon(target)])
}

/** Builds and packs. REQUIRES: prepare() has run. */
export async function pack() {
  await buildPreset('release', { targets: ['dodici_addon'] })
  await buildLib()
  rmSync(packagesFolder, { recursive: true, force: true })
  mkdirSync(packagesFolder, { recursive: true })
  report([await packAddon(), await packMain()])
}

function report(tarballs) {
  for (const tarball of tarballs)
    say(`${basename(tarball)}: ${Math.round(statSync(tarball).size / 1000)} kB`)
  say(`The packages are in ${packagesFolder}.`)
}

async function packAddon(target) {
  const platform = platformOf(target)
  const folder = join(packagesFolder, platform)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const addon = join(folder, 'dodici.node')
  const built = addonOf(presetOf('release', target))
  await strip(built, { to: addon, debug: join(packagesFolder, `${platform}.debug`), target })
  await checkAddon(addon, platforms[platform].libc)
  const { prefix, manifest } = await findBundled(target)
  const main = join(folder, 'addon.cjs')
  writeFileSync(main, pathModule)
  const notices = join(folder, 'THIRD-PARTY-NOTICES')
  await writeNotices(notices, manifest.versions, target)
  return packTarball(platformManifest(platform), [
    [main, 'addon.cjs'],
    [addon, 'dodici.node'],
    [join(prefix, 'bundled.json'), 'bundled.json'],
    [notices, 'THIRD-PARTY-NOTICES'],
    ...licences,
  ])
}

function packMain() {
  const documents = ['README.md', 'CHANGELOG.md', 'COMPATIBILITY.md', 'SECURITY.md']
  return packTarball(mainManifest(), [
    [inRoot('dist'), 'dist'],
    ...documents.map((name) => [inRoot(name), name]),
    ...licences,
  ])
}

const licences = ['LICENSE-APACHE', 'LICENSE-MIT'].map((name) => [inRoot(name), name])
