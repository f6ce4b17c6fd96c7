// Unpacks packages of other releases of Debian without installing them. Addons are linked against them, and tested on them.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../support/cache.mjs'
import { withLock } from '../support/lock.mjs'
import { logOf } from '../support/paths.mjs'
import { PrivateApt } from '../support/private-apt.mjs'
import { runLogged } from '../support/run.mjs'

/** Debian's names of the architectures whose name in Node is another. */
const debianNames = { x64: 'amd64' }

/** Unpacks a suite's `packages` for `arch` (Node's name for it) into `folder`; returns false if they can't be downloaded. */
export async function unpackDebian(suite, packages, arch, folder) {
  const root = `${folder}.apt`
  mkdirSync(root, { recursive: true })
  const log = logOf('debian')
  const architecture = debianNames[arch] ?? arch
  const apt = new PrivateApt(root, log, { type: 'deb', suites: [suite], architecture })
  try {
    if (!(await apt.ready())) return false
    const debs = apt.emptyFolder()
    if (!(await apt.get(`downloading from Debian’s ${suite}`, ['download', ...packages], debs)))
      return false
    for (const deb of readdirSync(debs)) {
      const args = ['-x', join(debs, deb), folder]
      await runLogged({ title: `unpacking ${deb}`, command: 'dpkg-deb', args, log })
    }
    return true
  } finally {
    apt.dispose()
  }
}

/** For tests. Makes a root of Debian 11 with all that Node for `arch` needs; returns undefined if it can't be downloaded. */
export async function ensureDebian11Root(arch = process.arch) {
  const root = join(cacheFolder, `debian-11-${arch}`)
  if (existsSync(root)) return root
  mkdirSync(cacheFolder, { recursive: true })
  return withLock(`${root}.lock`, 'a root of Debian 11', async () =>
    existsSync(root) || (await makeRoot(root, arch)) ? root : undefined,
  )
}

/** Returns whether there is a root now. */
async function makeRoot(root, arch) {
  const staging = `${root}.partial`
  rmSync(staging, { recursive: true, force: true })
  const packages = ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1']
  if (!(await unpackDebian('bullseye', packages, arch, staging))) return false
  renameSync(staging, root)
  return true
}
