import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'

const file = new URL('../../scripts/bundled/patches.mjs', import.meta.url).href
const { describePatches, patchSteps, patchesOf } = await import(file)

describe('patches of the bundled libraries', () => {
  const patches: string[] = patchesOf('curl')

  it.each(patches.map((path) => [basename(path), path]))(
    '%s says what it is for, what upstream says about it, and which test needs it',
    (_, path) => {
      const head = readFileSync(path, 'utf8').split('\n--- ')[0]
      expect(head).toMatch(/^\S.*\.\n\nReason: {3}\S/)
      expect(head).toMatch(/\nUpstream: \S/)
      expect(head).toMatch(/\nTest: {5}\S/)
    },
  )

  it('apply in the order of their numbers, which are all different', () => {
    const names = patches.map((path) => basename(path))
    expect(names).toEqual(names.toSorted())
    expect(new Set(names.map((name) => name.slice(0, 2))).size).toBe(names.length)
    expect(patchSteps('curl').map(([, , args]: string[][]) => args?.at(-1))).toEqual(patches)
  })

  it('stop the build where they do not fit: patch is not told to go on', () => {
    for (const [, command, args] of patchSteps('curl')) {
      expect(command).toBe('patch')
      expect(args).not.toContain('--force')
    }
  })

  it('are part of the cache key', () => {
    for (const path of patches) expect(describePatches()).toContain(basename(path))
  })

  it('exist only for a few libraries', () => {
    expect(patchesOf('nghttp2')).toEqual([])
    expect(readdirSync(new URL('../../scripts/bundled/patches', import.meta.url))).toEqual(['curl'])
  })
})
