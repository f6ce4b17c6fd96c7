// What the addon is linked against so that it runs on every glibc from 2.28 on, Node 22's own floor: the libraries of Debian
// 11's glibc 2.31. A linker takes the oldest version of each symbol that such a library has, and the addon calls none that
// came after 2.28. The compiler, its headers and everything else stay this machine's.
//
// DODICI_LIBC_KIT may name a folder made by another machine, for the day when Debian 11 has left the mirrors.
import {
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../support/cache.mjs'
import { withLock } from '../support/lock.mjs'
import { logOf } from '../support/paths.mjs'
import { StepFailed } from '../support/run.mjs'
import { unpackDebian11 } from './debian-11.mjs'

/** What differs between machines: Debian's name, the triplet of its folders, the dynamic linker. */
const machines = {
  x64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', linker: 'ld-linux-x86-64.so.2' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu', linker: 'ld-linux-aarch64.so.1' },
}

/** The linker finds these as `-lNAME`. glibc 2.34 made one library of them; in 2.31 they are still apart. */
const parts = { pthread: 'libpthread.so.0', dl: 'libdl.so.2', rt: 'librt.so.1' }

/** The kit's folder for `arch` (Node's name of it), made now if need be. */
export async function ensureLibcKit(arch) {
  const given = process.env['DODICI_LIBC_KIT']
  if (given) {
    if (!existsSync(join(given, 'libc.so'))) {
      throw new StepFailed(`DODICI_LIBC_KIT names ${given}, which has no libc.so.`)
    }
    return given
  }
  const kit = join(cacheFolder, `libc-2.31-${arch}`)
  if (existsSync(kit)) return kit
  mkdirSync(cacheFolder, { recursive: true })
  return withLock(`${kit}.lock`, 'Debian 11’s C library', async () => {
    if (!existsSync(kit)) await make(kit, machines[arch])
    return kit
  })
}

async function make(kit, machine) {
  const staging = `${kit}.partial`
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging)
  const unpacked = join(staging, 'unpacked')
  if (!(await unpackDebian11(['libc6', 'libc6-dev'], machine.debian, unpacked))) {
    throw new StepFailed(
      `Debian 11’s libc6 could not be had; see ${logOf('debian-11')}. DODICI_LIBC_KIT may name a kit of another machine ` +
        '(its folder ~/.cache/dodici/libc-2.31-*), or build for this machine’s glibc alone: npm run build.',
    )
  }
  const made = join(staging, 'kit')
  gather(made, unpacked, machine)
  renameSync(made, kit)
  rmSync(staging, { recursive: true, force: true })
}

// Flat, with linker scripts of our own: Debian's name absolute paths, which would lead to this machine's library.
function gather(made, unpacked, { triplet, linker }) {
  mkdirSync(made)
  const take = (from, name) =>
    cpSync(join(unpacked, from, triplet, name), join(made, name), { dereference: true })
  for (const name of ['libc.so.6', 'libm.so.6', linker, ...Object.values(parts)]) take('lib', name)
  for (const name of ['libc_nonshared.a', 'crti.o', 'crtn.o']) take('usr/lib', name)
  for (const [name, file] of Object.entries(parts)) symlinkSync(file, join(made, `lib${name}.so`))
  symlinkSync('libm.so.6', join(made, 'libm.so'))
  writeFileSync(
    join(made, 'libc.so'),
    `GROUP ( libc.so.6 libc_nonshared.a AS_NEEDED ( ${linker} ) )\n`,
  )
}
