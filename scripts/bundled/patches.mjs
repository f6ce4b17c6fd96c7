// Patches of the bundled libraries' sources: patches/<library>/*.patch, in the order of their names. Each file has one
// purpose; its first lines give the reason, what upstream says, and the test that needs it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('patches', import.meta.url))

/** The paths of a library's patches, in the order in which they apply. */
export function patchesOf(library) {
  const own = join(folder, library)
  if (!existsSync(own)) return []
  return readdirSync(own)
    .filter((name) => name.endsWith('.patch'))
    .toSorted()
    .map((name) => join(own, name))
}

/** `[what it does, command, arguments]` steps, run in the library's source folder. A patch that does not fit fails. */
export function patchSteps(library) {
  return patchesOf(library).map((path) => [
    `patching (${path.slice(folder.length + 1)})`,
    'patch',
    ['-p1', '--forward', '--batch', '--silent', '-i', path],
  ])
}

/** All patches as text, for the cache key. */
export function describePatches() {
  if (!existsSync(folder)) return ''
  return JSON.stringify(
    readdirSync(folder)
      .toSorted()
      .flatMap((library) => patchesOf(library))
      .map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]),
  )
}
