// What the pages say of the tree is true.
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inRoot, libFolders, projectFiles, read } from './support.ts'

const pages = projectFiles(/^[A-Z]+\.md$|^docs\/.*\.md$/)

/** A path of the source tree, with or without a file's ending. */
const path = /(?<![\w/.-])(?:lib|core|addon|tests|bench|scripts|examples)\/[\w./-]*[\w-]/g

function exists(named: string): boolean {
  const endings = ['', '.ts', '.h', '.test.ts', '.mjs']
  return endings.some((ending) => existsSync(inRoot(named + ending)))
}

// A name that stands for several: `lib/request/request-`, cut at its star; `tests/core/client/response_test`.
function isStartOfFiles(named: string): boolean {
  return projectFiles(/^/).some((file) => file.startsWith(named))
}

describe.each(pages)('%s', (page) => {
  it('names files and folders that are there', () => {
    const named = [...read(page).matchAll(path)].map(([text]) => text)
    expect(named.filter((text) => !exists(text) && !isStartOfFiles(text))).toEqual([])
  })
})

describe('ARCHITECTURE.md', () => {
  it('lists the folders of lib/ in the order that its imports keep', () => {
    const listed = [...read('ARCHITECTURE.md').matchAll(/^\| `(\w+)\/` \|/gm)].map(
      ([, name]) => name,
    )
    expect(listed).toEqual(libFolders)
  })
})
