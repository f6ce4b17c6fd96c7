// Finds a library's source tarball: in the cache, on the release pages, or in the Debian source archive, in this order.
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { cacheFolder } from '../support/cache.mjs'
import { say, StepFailed } from '../support/run.mjs'
import { DebianSource } from './debian-source.mjs'
import { fetchRelease } from './release-source.mjs'
import { byPreference, isAccepted } from './versions.mjs'

/** The sources in this machine's cache. */
export const bundledSources = (log) => new Sources(join(cacheFolder, 'sources'), log)

export class Sources {
  #directory
  #incoming
  #debian

  constructor(directory, log) {
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#incoming = mkdtempSync(join(directory, '.incoming-'))
    this.#debian = new DebianSource(join(this.#incoming, 'apt'), log)
  }

  /** Returns `{version, file, from}` of the library's tarball, or `undefined` if an optional one is not available. */
  async get(library) {
    const known = this.#cached(library)
    // Another version from an earlier run is used only if the pinned version is still not available.
    if (known?.version === library.version && (await matchesPin(library, known))) return known
    const found =
      (await fetchRelease(library, this.#incoming)) ??
      (await this.#debian.fetch(library, this.#incoming)) ??
      known
    if (found === undefined || !(await matchesPin(library, found))) return missing(library)
    if (found.version !== library.version) {
      say(
        `${library.name}: ${library.version} can’t be downloaded; taking ${found.version}, within the accepted range.`,
      )
    }
    if (found === known) return known
    const file = join(this.#directory, basename(found.file))
    renameSync(found.file, file)
    return { ...found, file }
  }

  dispose() {
    this.#debian.dispose()
    rmSync(this.#incoming, { recursive: true, force: true })
  }

  #cached(library) {
    const pattern = new RegExp(`^${library.name}-(\\d[\\d.]*\\d)\\.tar\\.(gz|xz|bz2)$`)
    const order = byPreference(library)
    const [best] = readdirSync(this.#directory)
      .flatMap((name) => {
        const version = pattern.exec(name)?.[1]
        return version !== undefined && isAccepted(library, version) ? [{ name, version }] : []
      })
      .sort((a, b) => order(a.version, b.version))
    return (
      best && { version: best.version, file: join(this.#directory, best.name), from: 'the cache' }
    )
  }
}

async function matchesPin(library, { version, file, from }) {
  const expected = library.sha256[version]
  if (expected === undefined) return true
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const actual = hash.digest('hex')
  if (expected.includes(actual)) return true
  say(
    `${library.name} ${version} from ${from} has SHA-256 ${actual}, which is not pinned; not used.`,
  )
  if (existsSync(file)) rmSync(file)
  return false
}

function missing(library) {
  if (library.optional !== undefined) {
    say(`${library.name}: no source found; continuing without ${library.optional}.`)
    return undefined
  }
  throw new StepFailed(
    `no source of ${library.name} ${library.version} (or ${library.accept.from} up to below ${library.accept.below}) to be had: ` +
      'neither from its release page nor from the Debian source archive.\n' +
      `Either give this machine one of the two, or put ${library.name}-${library.version}.tar.gz into the cache’s sources/ folder, ` +
      'or build against an installed libcurl: cmake -DDODICI_CURL=system.',
  )
}
