// Debian's archive through this machine's own apt: it knows the mirror, the proxy and the keys, and checks signatures and
// hashes. A sources list and state directories of our own leave the system's apt alone: nothing is installed.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, runLogged, say, StepFailed } from './run.mjs'

const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const plainEnv = { ...process.env, LC_ALL: 'C' }

export class PrivateApt {
  #root
  #log
  #what
  #ready

  /** Lists of `suites` under `root`: of source packages (`deb-src`), or of `architecture`'s binary packages (`deb`). */
  constructor(root, log, { type, suites, architecture }) {
    this.#root = root
    this.#log = log
    this.#what = { type, suites, architecture }
  }

  /** Reads the lists, once. False when this machine's apt knows no Debian mirror. */
  ready() {
    this.#ready ??= this.#prepare()
    return this.#ready
  }

  /** What an apt-cache command prints; '' when it fails. */
  async cache(...args) {
    return (await capture('apt-cache', [...this.#options(), ...args], { env: plainEnv })) ?? ''
  }

  /** True when apt-get did it. A failure is an answer here, not an error: the log has its words. */
  async get(title, args, cwd) {
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

  /** An empty folder to download into. */
  emptyFolder() {
    const folder = join(this.#root, 'download')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    return folder
  }

  /** The lists are tens of megabytes and of no use afterwards. */
  dispose() {
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #prepare() {
    const mirror = await findMirror()
    if (mirror === undefined) {
      say('This machine’s apt knows no Debian mirror, so the Debian archive can’t be asked.')
      return false
    }
    for (const directory of ['lists/partial', 'archives/partial']) {
      mkdirSync(join(this.#root, directory), { recursive: true })
    }
    const { type, suites, architecture } = this.#what
    const options = mirror.signedBy === '' ? '' : `[signed-by=${mirror.signedBy}] `
    writeFileSync(
      join(this.#root, 'sources.list'),
      suites.map((suite) => `${type} ${options}${mirror.uri} ${suite} main\n`).join(''),
    )
    writeFileSync(join(this.#root, 'status'), '')
    // Hooks of the system's configuration (package-kit and the like) have no business with these lists.
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
        // Otherwise what is installed would count as the newest version there is.
        `Dir::State::status "${this.#root}/status";`,
        `Dir::Cache "${this.#root}";`,
        ...(architecture === undefined ? [] : [`APT::Architecture "${architecture}";`]),
        'Acquire::Languages "none";',
        'Acquire::Retries "2";',
        // A frozen mirror's lists count as expired. The versions and hashes are pinned on our side, so all that an old
        // list can do is offer another version of the accepted range.
        'Acquire::Check-Valid-Until "false";',
        ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
        '',
      ].join('\n'),
    )
    // A suite that is missing from the mirror makes apt-get fail, yet the other suites' lists are there.
    await this.get('reading the Debian archive’s lists', ['update'])
    return true
  }

  #options() {
    return ['-c', join(this.#root, 'apt.conf')]
  }
}

/** The main Debian archive as this machine's own apt configuration names it. */
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
  // Before the first `apt-get update` apt knows the addresses, but not yet what stands behind them.
  const main =
    rows.find(([, label]) => label === 'Debian') ??
    rows.find(([uri, label]) => label === '' && /\/debian\/?$/.test(uri))
  if (main === undefined) return undefined
  const [uri, , signedBy] = main
  if (signedBy.startsWith('/')) return { uri, signedBy }
  return { uri, signedBy: existsSync(debianKeyring) ? debianKeyring : '' }
}
