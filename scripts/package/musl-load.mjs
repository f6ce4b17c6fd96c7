// Whether musl's own dynamic linker loads an addon: all that it needs of the C library must be there, and its constructors run.
// The program that loads it is not Node: neither npm nor Debian has what a Node for musl needs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot, logOf } from '../support/paths.mjs'
import { capture, runLogged, StepFailed } from '../support/run.mjs'

const folder = inRoot('build/musl')
const log = logOf('musl-load')

/** Fails unless `linker` loads an addon for this machine's architecture. `tools` are the target's. */
export async function loadOnMusl(addon, { tools }, linker) {
  mkdirSync(folder, { recursive: true })
  const stubs = join(folder, 'node-api.c')
  writeFileSync(stubs, await standIns(addon))
  const program = join(folder, 'load')
  const sources = [inRoot('scripts/zig/load.c'), stubs]
  const args = ['-O2', '-dynamic', '-rdynamic', ...sources, '-o', program]
  await runLogged({ title: 'a program for musl', command: `${tools}-gcc`, args, log })
  await runLogged({ title: 'loading the addon', command: linker, args: [program, addon], log })
}

/** Functions with the names of those of Node-API that the addon uses. */
async function standIns(addon) {
  const symbols = (await capture('readelf', ['--wide', '--dyn-syms', addon])) ?? ''
  const names = [...symbols.matchAll(/ UND (napi_\w+|node_api_\w+)/g)].map(([, name]) => name)
  if (names.length === 0) throw new StepFailed(`${addon} uses no Node-API.`)
  return names.map((name) => `void ${name}(void) {}\n`).join('')
}
