// Collects a package's files and lets npm pack them, as for publishing.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, StepFailed } from '../support/run.mjs'
import { inRoot } from '../support/paths.mjs'

export const packagesFolder = inRoot('build/packages')

/** Packs `files` (`[from, name]`) with `manifest`, and returns the tarball's path. */
export async function packTarball(manifest, files) {
  const stage = join(packagesFolder, 'stage', manifest.name.replace('/', '-'))
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage, { recursive: true })
  for (const [from, name] of files) cpSync(from, join(stage, name), { recursive: true })
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', packagesFolder]
  const printed = await capture('npm', args, { cwd: stage })
  if (printed === undefined) throw new StepFailed(`npm pack failed in ${stage}.`)
  const [packed] = Object.values(JSON.parse(printed))
  return join(packagesFolder, packed.filename)
}
