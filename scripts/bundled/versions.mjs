// Reads the versions to build from cmake/bundled-versions.json, and decides which version may replace a pinned one.
import { readFileSync } from 'node:fs'

const versionsFile = new URL('../../cmake/bundled-versions.json', import.meta.url)

export function readLibraries() {
  return JSON.parse(readFileSync(versionsFile, 'utf8')).libraries
}

export function compareVersions(a, b) {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Accepts released versions only, never an rc. */
export function isAccepted(library, version) {
  return (
    /^\d+(\.\d+)*$/.test(version) &&
    compareVersions(version, library.accept.from) >= 0 &&
    compareVersions(version, library.accept.below) < 0
  )
}

/** Sorts the pinned version first, then the nearest newer ones, then the nearest older ones. */
export function byPreference(library) {
  const distance = (version) => {
    const order = compareVersions(version, library.version)
    return order === 0 ? 0 : order > 0 ? 1 : 2
  }
  return (a, b) =>
    distance(a) - distance(b) || (distance(a) === 1 ? compareVersions(a, b) : compareVersions(b, a))
}
