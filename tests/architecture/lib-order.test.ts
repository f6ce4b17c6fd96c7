import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { libFolders as order, projectFiles, read } from './support.ts'

const files = projectFiles(/^lib\/.*\.ts$/)

/** The files of lib/ that `file` imports from, even if only for types. */
function importsOf(file: string): string[] {
  const text = read(file)
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path]) =>
    normalize(join(dirname(file), path as string)),
  )
}

function folderOf(file: string): string {
  return file.split('/')[1] as string
}

/** Finds a path of imports from `file` back to itself, if there is one. */
function cycleFrom(file: string, way: readonly string[] = []): string[] | undefined {
  if (way.includes(file)) {
    return [...way.slice(way.indexOf(file)), file]
  }
  if (acyclic.has(file)) {
    return undefined
  }
  for (const next of importsOf(file)) {
    const cycle = cycleFrom(next, [...way, file])
    if (cycle !== undefined) {
      return cycle
    }
  }
  acyclic.add(file)
  return undefined
}

const acyclic = new Set<string>()

describe('lib/', () => {
  it('has all its files in the folders of this order, except for the entry points', () => {
    const others = files.filter((file) => !order.includes(folderOf(file)))
    expect(others.toSorted()).toEqual([
      'lib/bulk.ts',
      'lib/exports.ts',
      'lib/index.ts',
      'lib/register.ts',
    ])
  })

  it.each(order)('%s/ imports from no folder before it', (folder) => {
    const allowed = new Set(order.slice(order.indexOf(folder)))
    const wrong = files
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) => importsOf(file).map((other) => ({ file, other })))
      .filter(({ other }) => !allowed.has(folderOf(other)))
    expect(wrong).toEqual([])
  })

  it('has no two files that import each other, not even for types or through other files', () => {
    expect(files.map((file) => cycleFrom(file)).filter(Boolean)).toEqual([])
  })
})
