// Node for another architecture, run by qemu-user on the C library of Debian 11, for tests. Each is a script that can be
// started like a program, whatever the kernel knows about other architectures.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebian11Root } from '../package/debian.mjs'
import { inRoot } from '../support/paths.mjs'
import { ensureNodesFor } from './node-modules.mjs'

/** Returns the folder with the scripts `node22`, `node24` and `node26`; `node24.cjs` makes any Node start `node24`. */
export async function ensureEmulatedNodes(target) {
  const installed = await ensureNodesFor(target.name)
  const libraries = (await ensureDebian11Root(target.name)) ?? `/usr/${target.triplet}`
  const folder = inRoot('build', `emulated-${target.name}`)
  mkdirSync(folder, { recursive: true })
  for (const name of ['node22', 'node24', 'node26']) {
    const script = join(folder, name)
    const program = join(installed, name, 'bin/node')
    // Node would start its children as the program itself, which the kernel can't.
    writeFileSync(`${script}.cjs`, `process.execPath = ${JSON.stringify(script)}\n`)
    const command = `${target.emulator} -L "${libraries}" "${program}" --require "${script}.cjs"`
    writeFileSync(script, `#!/bin/sh\nexec ${command} "$@"\n`)
    chmodSync(script, 0o755)
  }
  return folder
}
