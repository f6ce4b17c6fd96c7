// The addon must run on every glibc from 2.28 on, the oldest that Node 22 runs on. So it is linked against Debian 11's glibc
// 2.31: a linker takes the version of each symbol that this library has by default, and the addon uses none that came after
// 2.28. The compiler, its headers and everything else are this machine's.
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
import { unpackDebian } from './debian.mjs'

/** For each architecture: the triplet of its folders in Debian, and the dynamic linker. */
const machines = {
  x64: { triplet: 'x86_64-linux-gnu', linker: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', linker: 'ld-linux-aarch64.so.1' },
}

/** The linker finds these as `-lNAME`. glibc 2.34 made one library of them; in 2.31 they are still separate. */
const parts = { pthread: 'libpthread.so.0', dl: 'libdl.so.2', rt: 'librt.so.1' }

/** Returns the kit's folder for `arch` (Node's name for it), and makes it if it does not exist. */
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
    if (!existsSync(kit)) await make(kit, arch)
    return kit
  })
}

async function make(kit, arch) {
  const staging = `${kit}.partial`
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging)
  const unpacked = join(staging, 'unpacked')
  if (!(await unpackDebian('bullseye', ['libc6', 'libc6-dev'], arch, unpacked))) {
    throw new StepFailed(
      `Debian 11’s libc6 could not be downloaded; see ${logOf('debian')}. Set DODICI_LIBC_KIT to a kit from another ` +
        'machine (its folder ~/.cache/dodici/libc-2.31-*), or build for this machine’s glibc only: npm run build.',
    )
  }
  const made = join(staging, 'kit')
  gather(made, unpacked, machines[arch])
  renameSync(made, kit)
  rmSync(staging, { recursive: true, force: true })
}

// All files go into one folder, with linker scripts of our own: Debian's have absolute paths, which lead to this machine's
// library.
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
