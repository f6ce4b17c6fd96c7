// What the repository must and must not contain.
import { describe, expect, it } from 'vitest'
import { findings, projectFiles, read } from './support.ts'

const maxLines = 400

const sources = projectFiles(/\.(h|cpp|ts|mjs|cmake|sh)$|CMakeLists\.txt$/)
const texts = projectFiles(/^(?!(?:.*\/)?package-lock\.json$).*(?<!\.(png|svg|ico))$/)
const locks = projectFiles(/(^|\/)package-lock\.json$/)

describe('the repository', () => {
  it(`has no source file over ${maxLines} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > maxLines)
    expect(long).toEqual([])
  })

  it('names no package registry: each machine uses its own', () => {
    // In pieces, so that this file does not contain them.
    const hosts = [
      ['registry', 'npmjs', 'org'],
      ['registry', 'yarnpkg', 'com'],
      ['registry', 'npmmirror', 'com'],
      ['deb', 'debian', 'org'],
      ['security', 'debian', 'org'],
      ['snapshot', 'debian', 'org'],
      ['archive', 'ubuntu', 'com'],
    ]
    const pattern = new RegExp(hosts.map((parts) => parts.join(String.raw`\.`)).join('|'))
    expect(findings([...texts, ...locks], pattern)).toEqual([])
  })

  it('names no folder of the machine it was written on', () => {
    expect(findings(texts, /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\/[\w.-]/)).toEqual([])
  })

  it.each(locks)('%s locks packages by integrity, not by address', (file) => {
    const lock = JSON.parse(read(file)) as {
      packages: Record<string, { resolved?: string; integrity?: string }>
    }
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
    expect(packages.filter(([, { integrity }]) => integrity === undefined)).toEqual([])
  })

  it('leaves no debugging aid behind', () => {
    const tests = projectFiles(/\.test\.ts$/)
    expect(findings(tests, /\b(?:it|test|describe)\.only\(/)).toEqual([])
    expect(findings(projectFiles(/\.(h|cpp)$/), /\bDODICI_DBG\(/)).toEqual([])
  })
})
