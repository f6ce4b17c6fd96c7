// Downloads source tarballs from the Debian source archive with apt, which knows this machine's mirror, proxy and keys,
// and checks signatures and hashes. A private sources list and private state directories keep the system's own apt
// unchanged.
//
// The archive keeps the releases' own tarballs (`name_version.orig.tar.*`), but each suite has only one version, and
// older files may have been removed. So all suites are asked, and all acceptable versions are tried in turn.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, runLogged, say, StepFailed } from '../support/run.mjs'
import { byPreference, isAccepted } from './versions.mjs'

const suites = ['trixie', 'trixie-backports', 'forky', 'sid']
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const plainEnv = { ...process.env, LC_ALL: 'C' }

export class DebianSource {
  #root
  #log
  #ready

  constructor(root, log) {
    this.#root = root
    this.#log = log
  }

  /** Downloads an acceptable version's tarball into `directory`; returns `undefined` if there is none. */
  async fetch(library, directory) {
    this.#ready ??= this.#prepare()
    if (!(await this.#ready)) return undefined
    const found = await capture(
      'apt-cache',
      [...this.#options(), 'showsrc', '--only-source', library.name],
      { env: plainEnv },
    )
    for (const { version, debianVersion } of candidates(library, found ?? '')) {
      const tarball = await this.#download(library.name, version, debianVersion)
      if (tarball === undefined) continue
      const file = join(directory, tarball.name)
      copyFileSync(tarball.path, file)
      return { version, file, from: `the Debian source archive (${debianVersion})` }
    }
    return undefined
  }

  /** The lists take tens of megabytes and are not needed afterwards. */
  dispose() {
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #prepare() {
    const mirror = await findMirror()
    if (mirror === undefined) {
      say('This machine’s apt knows no Debian mirror, so the Debian source archive can’t be asked.')
      return false
    }
    for (const directory of ['lists/partial', 'archives/partial', 'download']) {
      mkdirSync(join(this.#root, directory), { recursive: true })
    }
    const options = mirror.signedBy === '' ? '' : `[signed-by=${mirror.signedBy}] `
    writeFileSync(
      join(this.#root, 'sources.list'),
      suites.map((suite) => `deb-src ${options}${mirror.uri} ${suite} main\n`).join(''),
    )
    // Hooks of the system's configuration (package-kit and so on) must not see these lists.
    writeFileSync(
      join(this.#root, 'apt.conf'),
      [
        '#clear APT::Update::Pre-Invoke;',
        '#clear APT::Update::Post-Invoke;',
        '#clear APT::Update::Post-Invoke-Success;',
        `Dir::Etc::sourcelist "${this.#root}/sources.list";`,
        'Dir::Etc::sourceparts "/dev/null";',
        'Dir::Etc::preferences "/dev/null";',
        'Dir::Etc::preferencesparts "/dev/null";',
        `Dir::State::lists "${this.#root}/lists";`,
        `Dir::Cache "${this.#root}";`,
        'Acquire::Languages "none";',
        'Acquire::Retries "2";',
        // The lists of a frozen mirror count as expired. As we pin versions and hashes, an old list can only offer
        // another accepted version.
        'Acquire::Check-Valid-Until "false";',
        ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
        '',
      ].join('\n'),
    )
    // apt-get fails if the mirror lacks a suite, but the other suites' lists are there.
    await this.#run('reading the Debian source archive’s lists', ['update'])
    return true
  }

  async #download(name, version, debianVersion) {
    const directory = join(this.#root, 'download')
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    const wanted = ['source', '--download-only', '--tar-only', `${name}=${debianVersion}`]
    if (!(await this.#run(`downloading ${name} ${version}`, wanted, directory))) return undefined
    const tarball = readdirSync(directory).find((file) => /\.orig\.tar\.(gz|xz|bz2)$/.test(file))
    if (tarball === undefined) return undefined
    const suffix = tarball.slice(tarball.indexOf('.tar.'))
    return { path: join(directory, tarball), name: `${name}-${version}${suffix}` }
  }

  #options() {
    return ['-c', join(this.#root, 'apt.conf')]
  }

  /** Returns true if apt-get succeeded. A failure is not an error here; the log contains its text. */
  async #run(title, args, cwd) {
    try {
      await runLogged({
        title,
        command: 'apt-get',
        args: [...this.#options(), ...args],
        cwd,
        env: plainEnv,
        log: this.#log,
      })
      return true
    } catch (error) {
      if (error instanceof StepFailed) return false
      throw error
    }
  }
}

/** The acceptable versions that `apt-cache showsrc` lists, best first; one upstream version may come in several revisions. */
function candidates(library, showsrc) {
  const found = new Map()
  for (const [, debianVersion] of showsrc.matchAll(/^Version: (\S+)$/gm)) {
    const version = debianVersion
      .replace(/^\d+:/, '')
      .replace(/-[^-]*$/, '')
      .replace(/\+(dfsg|ds).*$/, '')
    if (isAccepted(library, version)) found.set(debianVersion, version)
  }
  const order = byPreference(library)
  return [...found]
    .map(([debianVersion, version]) => ({ debianVersion, version }))
    .sort((a, b) => order(a.version, b.version))
}

/** Finds the main Debian archive in this machine's own apt configuration. */
async function findMirror() {
  const format = '$(REPO_URI)|$(LABEL)|$(SIGNED_BY)'
  const targets = await capture(
    'apt-get',
    ['indextargets', '--format', format, 'Created-By: Packages'],
    { env: plainEnv },
  )
  const rows = (targets ?? '')
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split('|'))
  // Before the first `apt-get update` apt knows the addresses, but not the labels.
  const main =
    rows.find(([, label]) => label === 'Debian') ??
    rows.find(([uri, label]) => label === '' && /\/debian\/?$/.test(uri))
  if (main === undefined) return undefined
  const [uri, , signedBy] = main
  if (signedBy.startsWith('/')) return { uri, signedBy }
  return { uri, signedBy: existsSync(debianKeyring) ? debianKeyring : '' }
}
