// `npm run release -- --dry-run` does the part of a release that this machine can do: it puts the packages, checksums and the
// list of linked libraries into build/packages, and tests the packages. Only .github/workflows/release.yml publishes; it runs
// this too.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBundled } from '../bundled/index.mjs'
import { platformManifest } from '../package/manifests.mjs'
import { platforms } from '../package/platforms.mjs'
import { sbomOf } from '../package/sbom.mjs'
import { packagesFolder } from '../package/tarballs.mjs'
import { say, StepFailed } from '../support/run.mjs'
import { run as testPackage } from './test-package.mjs'

export async function run(words) {
  if (words.join(' ') !== '--dry-run') {
    throw new StepFailed(
      'Packages are published by the workflow release.yml, when a tag is pushed. Here: npm run release -- --dry-run',
    )
  }
  const code = await testPackage([])
  if (code !== 0) return code
  const platform = `linux-${process.arch}-gnu`
  const { manifest } = await findBundled()
  const sbom = sbomOf(platformManifest(platform), manifest.versions)
  write(`${platform}.cdx.json`, `${JSON.stringify(sbom, undefined, 2)}\n`)
  write('SHA256SUMS', checksums())
  say(`\nIn ${packagesFolder}:\n${readFileSync(join(packagesFolder, 'SHA256SUMS'), 'utf8')}`)
  const others = Object.keys(platforms).filter((name) => platforms[name].made && name !== platform)
  say(`Not done here: the packages of ${others.join(', ')}; provenance; publishing.`)
  return 0
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
