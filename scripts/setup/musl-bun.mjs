// Bun for Linux with musl, for tests: it loads addons as Node does, and its package on npm needs little besides musl. That is
// Debian's, and the C++ library is made of the parts of this machine's that Bun uses, which need nothing that only glibc has.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpackDebian } from '../package/debian.mjs'
import { cacheFolder } from '../support/cache.mjs'
import { withLock } from '../support/lock.mjs'
import { inRoot, logOf } from '../support/paths.mjs'
import { capture, runLogged, StepFailed } from '../support/run.mjs'
import { ensureBun } from './node-modules.mjs'

const folder = inRoot('build/musl')

/** Returns the path of musl's dynamic linker, of the release that Alpine 3.20 to 3.22 have. */
export async function ensureMuslLinker() {
  const root = join(cacheFolder, 'musl-1.2.5-x64')
  mkdirSync(cacheFolder, { recursive: true })
  await withLock(`${root}.lock`, 'musl', async () => {
    if (existsSync(root)) return
    const staging = `${root}.partial`
    rmSync(staging, { recursive: true, force: true })
    if (!(await unpackDebian('trixie', ['musl'], 'x64', staging)))
      throw new StepFailed('Debian’s package musl could not be downloaded.')
    renameSync(staging, root)
  })
  return join(root, 'usr/lib/x86_64-linux-musl/libc.so')
}

/** Returns a script that starts Bun by `linker`. `tools` are the target's. */
export async function ensureMuslBun({ tools }, linker) {
  mkdirSync(folder, { recursive: true })
  const bun = await ensureBun()
  await makeCxxLibrary(bun, tools)
  const script = join(folder, 'bun')
  writeFileSync(script, `#!/bin/sh\nexec "${linker}" --library-path "${folder}" "${bun}" "$@"\n`)
  chmodSync(script, 0o755)
  return script
}

async function makeCxxLibrary(bun, tools) {
  const archives = await Promise.all(['libstdc++.a', 'libgcc_eh.a', 'libgcc.a'].map(pathOf))
  const there = new Set(namesIn(await words('nm', ['--defined-only', ...archives])))
  const used = [
    ...namesIn(await words('nm', ['--dynamic', '--undefined-only', bun])),
    // Data of the library that the linker has copied into the program.
    ...namesIn(await words('nm', ['--dynamic', '--defined-only', bun])),
  ]
  const wanted = used.filter((name) => there.has(name)).map((name) => `-Wl,-u,${name}`)
  const library = '-Wl,--soname=libstdc++.so.6'
  await runLogged({
    title: 'a C++ library for Bun',
    command: `${tools}-gcc`,
    args: [
      ...[
        '-shared',
        '-fPIC',
        '-O2',
        library,
        ...wanted,
        inRoot('scripts/zig/cxx-floor.c'),
        ...archives,
      ],
      ...['-o', join(folder, 'libstdc++.so.6')],
    ],
    log: logOf('musl-bun'),
  })
}

async function pathOf(archive) {
  return (await words('g++', [`-print-file-name=${archive}`])).trim()
}

function namesIn(listing) {
  return [...listing.matchAll(/ [A-TV-Za-z] (\w+)(?:@.*)?$|^ +U (\w+)(?:@.*)?$/gm)].map(
    ([, defined, undefined_]) => defined ?? undefined_,
  )
}

async function words(command, args) {
  const text = await capture(command, args)
  if (text === undefined) throw new StepFailed(`${command} ${args.at(-1)} failed.`)
  return text
}
