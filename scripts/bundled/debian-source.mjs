// Source tarballs from the Debian source archive.
//
// The archive keeps the releases' own tarballs (`name_version.orig.tar.*`), but each suite has one version, and files of
// a version that a suite has just left may be gone: so every suite is asked, and every acceptable version tried in turn.
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PrivateApt } from '../support/private-apt.mjs'
import { byPreference, isAccepted } from './versions.mjs'

const suites = ['trixie', 'trixie-backports', 'forky', 'sid']

export class DebianSource {
  #apt

  constructor(root, log) {
    this.#apt = new PrivateApt(root, log, { type: 'deb-src', suites })
  }

  /** Downloads an acceptable version's tarball into `directory`; returns `undefined` if there is none. */
  async fetch(library, directory) {
    if (!(await this.#apt.ready())) return undefined
    const found = await this.#apt.cache('showsrc', '--only-source', library.debian ?? library.name)
    for (const { version, debianVersion } of candidates(library, found)) {
      const tarball = await this.#download(library, version, debianVersion)
      if (tarball === undefined) continue
      const file = join(directory, tarball.name)
      copyFileSync(tarball.path, file)
      return { version, file, from: `the Debian source archive (${debianVersion})` }
    }
    return undefined
  }

  dispose() {
    this.#apt.dispose()
  }

  async #download({ name, debian = name }, version, debianVersion) {
    const directory = this.#apt.emptyFolder()
    const wanted = ['source', '--download-only', '--tar-only', `${debian}=${debianVersion}`]
    if (!(await this.#apt.get(`downloading ${name} ${version}`, wanted, directory)))
      return undefined
    const tarball = readdirSync(directory).find((file) => /\.orig\.tar\.(gz|xz|bz2)$/.test(file))
    if (tarball === undefined) return undefined
    const suffix = tarball.slice(tarball.indexOf('.tar.'))
    return { path: join(directory, tarball), name: `${name}-${version}${suffix}` }
  }
}

/** The acceptable versions that `apt-cache showsrc` lists, best first; one upstream version may come in several revisions. */
function candidates(library, showsrc) {
  const found = new Map()
  for (const [, debianVersion] of showsrc.matchAll(/^Version: (\S+)$/gm)) {
    const version = debianVersion
      .replace(/^\d+:/, '')
      .replace(/^.*\+really/, '')
      .replace(/-[^-]*$/, '')
      .replace(/\+(dfsg|ds).*$/, '')
    if (isAccepted(library, version)) found.set(debianVersion, version)
  }
  const order = byPreference(library)
  return [...found]
    .map(([debianVersion, version]) => ({ debianVersion, version }))
    .sort((a, b) => order(a.version, b.version))
}
