// `npm run release -- --dry-run [arm64 x64-musl]` does the part of a release that this machine can do: it puts the
// packages, checksums and the list of linked libraries into build/packages, and tests the packages. With the names of targets it
// also makes their packages, which it can't test. Only .github/workflows/release.yml publishes; it runs this too.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBundled } from '../bundled/index.mjs'
import { platformManifest } from '../package/manifests.mjs'
import { platforms } from '../package/platforms.mjs'
import { sbomOf } from '../package/sbom.mjs'
import { packagesFolder } from '../package/tarballs.mjs'
import { say, StepFailed } from '../support/run.mjs'
import { platformOf, targetOf } from '../support/targets.mjs'
import { packTarget } from './package.mjs'
import { run as testPackage } from './test-package.mjs'

export async function run(words) {
  const [first, ...names] = words
  if (first !== '--dry-run') {
    throw new StepFailed(
      'Packages are published by the workflow release.yml, when a tag is pushed. Here: npm run release -- --dry-run',
    )
  }
  const targets = names.map((name) => targetOf(name)).filter((target) => target !== undefined)
  const code = await testPackage([])
  if (code !== 0) return code
  const built = [await listLibraries()]
  for (const target of targets) {
    await packTarget(target)
    built.push(await listLibraries(target))
  }
  write('SHA256SUMS', checksums())
  say(`\nIn ${packagesFolder}:\n${readFileSync(join(packagesFolder, 'SHA256SUMS'), 'utf8')}`)
  const others = Object.keys(platforms).filter((name) => platforms[name].made)
  const missing = others
    .filter((name) => !built.includes(name))
    .map((name) => `the package of ${name}`)
  say(`Packed and tested: dodici, ${built[0]}.`)
  if (targets.length > 0)
    say(`Packed, and tested by release.yml on their own systems: ${built.slice(1).join(', ')}.`)
  say(`Not done here: ${[...missing, 'provenance', 'publishing'].join(', ')}.`)
  return 0
}

/** Writes the list of what is linked into a platform's addon; returns the platform's name. */
async function listLibraries(target) {
  const platform = platformOf(target)
  const { manifest } = await findBundled(target)
  const sbom = sbomOf(platformManifest(platform), manifest.versions)
  write(`${platform}.cdx.json`, `${JSON.stringify(sbom, undefined, 2)}\n`)
  return platform
}

function write(name, text) {
  writeFileSync(join(packagesFolder, name), text)
}

// In the format of sha256sum, for `sha256sum --check`.
function checksums() {
  const files = readdirSync(packagesFolder).filter((name) => /\.(tgz|debug|json)$/.test(name))
  const lines = files.toSorted().map((name) => {
    const hash = createHash('sha256').update(readFileSync(join(packagesFolder, name)))
    return `${hash.digest('hex')}  ${name}\n`
  })
  return lines.join('')
}
