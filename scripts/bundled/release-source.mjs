// Downloads source tarballs from the projects' release pages: only the pinned version, and only with its SHA-256.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { say } from '../support/run.mjs'

const answerWithinMs = 5_000
const downloadWithinMs = 300_000

// An unreachable network is tried once, not once per library.
let unreachable = false

/** Downloads the pinned tarball into `directory`; returns `undefined` if it is not available. */
export async function fetchRelease(library, directory) {
  const { version } = library
  const expected = library.sha256[version]
  if (unreachable || expected === undefined) return undefined
  const url = library.release.replaceAll('{version}', version)
  const file = join(directory, `${library.name}-${version}${url.slice(url.lastIndexOf('.tar.'))}`)
  const abort = new AbortController()
  let deadline = setTimeout(() => abort.abort(), answerWithinMs)
  try {
    const response = await fetch(url, { signal: abort.signal })
    clearTimeout(deadline)
    if (!response.ok || response.body === null) return undefined
    deadline = setTimeout(() => abort.abort(), downloadWithinMs)
    const sha256 = await save(response.body, `${file}.part`)
    if (!expected.includes(sha256)) {
      say(
        `${library.name} ${version}: ${url} has SHA-256 ${sha256}, which is not pinned; not used.`,
      )
      return undefined
    }
    await rename(`${file}.part`, file)
    return { version, file, from: 'its release page' }
  } catch {
    unreachable = true
    say('The release pages can’t be reached from here; trying the Debian source archive.')
    return undefined
  } finally {
    clearTimeout(deadline)
  }
}

async function save(body, file) {
  const hash = createHash('sha256')
  const tee = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk)
      done(undefined, chunk)
    },
  })
  await pipeline(Readable.fromWeb(body), tee, createWriteStream(file))
  return hash.digest('hex')
}
