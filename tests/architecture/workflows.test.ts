// The workflows can't run here, so at least what they name must exist.
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inRoot, read } from './support.ts'

const script = (name: string) => import(new URL(`../../scripts/${name}`, import.meta.url).href)
const { platforms } = await script('package/platforms.mjs')
const { platformOf, targetNames, targetOf } = await script('support/targets.mjs')

const folder = '.github/workflows'
const workflows = readdirSync(inRoot(folder)).map((name) => ({
  name,
  text: read(`${folder}/${name}`)
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n'),
}))
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
const release = workflows.find(({ name }) => name === 'release.yml')?.text ?? ''

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}

describe.each(workflows)('$name', ({ text }) => {
  it('runs scripts that package.json has', () => {
    // A script is written out, or is an entry of `matrix.script`, as 'run NAME -- words' or 'NAME'.
    const written = all(text, /npm run (?:--silent )?([\w:-]+)/g)
    const listed = all(text, /^ +'(?:run )?([a-z:]+)[^']*',$/gm)
    const named = [...written, ...listed]
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('needs jobs that it has', () => {
    const jobs = all(text, /^ {2}(\w+):$/gm)
    const needed = all(text, /^ {4}needs: (.+)$/gm).flatMap((list) => list.match(/\w+/g) ?? [])
    expect(needed.filter((name) => !jobs.includes(name))).toEqual([])
  })

  it('names files that the repository has', () => {
    const files = all(text, /\b((?:scripts|tests|bench|cmake)\/[\w/.-]+)/g)
    const missing = files.filter((name) => !existsSync(inRoot(name)))
    expect(missing).toEqual([])
  })
})

describe('release.yml', () => {
  const packed = (/release -- --dry-run (.+)$/m.exec(release)?.[1] ?? '').split(' ')

  it('packs each platform that dodici depends on, and no other', () => {
    expect(packed.filter((name) => !targetNames.includes(name))).toEqual([])
    const made = ['linux-x64-gnu', ...packed.map((name) => platformOf(targetOf(name)))]
    const wanted = Object.keys(platforms).filter((name) => platforms[name].made)
    expect(new Set(made)).toEqual(new Set(wanted))
  })

  it('publishes files: npm takes folder/name.tgz without a dot for a repository of GitHub', () => {
    const published = all(release, /npm publish(?: --\w+(?: public)?)* (\S+)/g)
    const [list] = all(release, /for file in (\S+); do npm publish/g)
    expect(published).toEqual(['"$file";', expect.stringMatching(/^\.\//)])
    expect(list).toMatch(/^\.\//)
  })

  it('publishes after all that tests the packages', () => {
    const jobs = all(release.slice(release.indexOf('\njobs:')), /^ {2}(\w+):$/gm)
    const [needed = ''] = all(release, /^ {2}publish:\n {4}needs: \[(.+)\]/gm)
    expect(needed.split(', ').toSorted()).toEqual(
      jobs.filter((job) => job !== 'package' && job !== 'publish').toSorted(),
    )
  })
})
