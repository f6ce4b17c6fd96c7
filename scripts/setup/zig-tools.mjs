// zig's compiler under the names of GCC's cross compilers, such as build/zig/x86_64-linux-musl-g++, for the builds of others'
// libraries and for CMake.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot } from '../support/paths.mjs'
import { ensureZig } from './node-modules.mjs'

const folder = inRoot('build/zig')

/** Makes the programs that the target's `tools` names. */
export async function ensureZigTools({ triplet }) {
  const zig = await ensureZig()
  mkdirSync(folder, { recursive: true })
  link(zig, 'zig')
  for (const tool of ['gcc', 'g++', 'ar', 'ranlib'])
    link(inRoot('scripts/zig/tool.sh'), `${triplet}-${tool}`)
}

function link(to, name) {
  const from = join(folder, name)
  rmSync(from, { force: true })
  symlinkSync(to, from)
}
