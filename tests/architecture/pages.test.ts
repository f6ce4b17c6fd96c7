// The documents are right about the tree.
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inRoot, libFolders, projectFiles, read } from './support.ts'

const pages = projectFiles(/^[A-Z]+\.md$|^docs\/.*\.md$|^bench\/README\.md$/)

/** A path in the source tree, with or without a file's extension. */
const path = /(?<![\w/.-])(?:lib|core|addon|tests|bench|scripts|examples)\/[\w./-]*[\w-]/g

function exists(named: string): boolean {
  const endings = ['', '.ts', '.h', '.test.ts', '.mjs']
  return endings.some((ending) => existsSync(inRoot(named + ending)))
}

// A name for several files: `lib/request/request-`, cut at its star; `tests/core/client/response_test`.
function isStartOfFiles(named: string): boolean {
  return projectFiles(/^/).some((file) => file.startsWith(named))
}

/** The text outside of code. */
const prose = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '')

/** Where the links of a page lead inside of the project: a path from the root, and an anchor or nothing. */
function linksOf(page: string): { text: string; path: string; anchor: string }[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((text) => {
      const [path = '', anchor = ''] = text.split('#')
      return { text, path: path === '' ? page : normalize(join(dirname(page), path)), anchor }
    })
}

// As GitHub makes anchors of headings.
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', () => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) =>
        !existsSync(inRoot(path)) || (anchor !== '' && !anchorsOf(path).includes(anchor)),
    )
    expect(broken.map(({ text }) => text)).toEqual([])
  })

  it('names files and folders that exist', () => {
    const named = [...read(page).matchAll(path)].map(([text]) => text)
    expect(named.filter((text) => !exists(text) && !isStartOfFiles(text))).toEqual([])
  })
})

describe('the pages of docs/', () => {
  it('can all be reached from README.md', () => {
    const reached = new Set(['README.md'])
    for (const page of reached) {
      for (const { path } of linksOf(page)) if (path.endsWith('.md')) reached.add(path)
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual([])
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
