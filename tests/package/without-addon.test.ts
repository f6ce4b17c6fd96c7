/** The errors of a program that has no addon, or one that can't be loaded. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installed, installedOnce, kDeadlineMs } from './support/installed.ts'
import { allAnswers, programs, useSite } from './support/site.ts'

describe('without the addon', () => {
  const project = installedOnce(['--omit=optional'])

  it('the first Agent throws an error with what was tried and what helps', async () => {
    const { env } = await useSite()
    const { code, stderr } = await project().node(['main.mjs'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain('dodici found no addon for this platform (linux on ')
    expect(stderr).toContain(`npm install @dodici/linux-${process.arch}-gnu`)
    expect(stderr).toContain('DODICI_FALLBACK=undici')
  })

  it.each(['darwin', 'win32', 'sunos'])(
    'on %s the error says for which platforms there are addons',
    async (platform) => {
      const { env } = await useSite()
      project().write({
        'elsewhere.cjs': `Object.defineProperty(process, 'platform', { value: '${platform}' })`,
      })
      const { code, stderr } = await project().node(['--require', './elsewhere.cjs', 'main.mjs'], {
        env,
      })
      expect(code).toBe(1)
      expect(stderr).toContain(`dodici has no addon for this platform (${platform} on `)
      expect(stderr).toContain('there are addons for linux-x64-gnu, ')
      expect(stderr).toContain('DODICI_FALLBACK=undici')
    },
  )

  it.each([
    ['DODICI_FALLBACK=undici', 'main.mjs', { DODICI_FALLBACK: 'undici' }],
    ["the option fallback: 'undici'", 'fallback.mjs', {}],
  ])('%s lets undici stand in, with one warning', async (_name, file, more) => {
    const { env } = await useSite()
    project().write({
      'fallback.mjs': programs['main.mjs'].replace(
        'new Agent()',
        `new Agent({ fallback: 'undici' })`,
      ),
    })
    const { code, stdout, stderr } = await project().node([file], { env: { ...env, ...more } })
    expect({ code, stdout }).toEqual({ code: 0, stdout: allAnswers })
    expect(stderr.match(/Warning: undici stands in for dodici/g)).toHaveLength(1)
  })
})

describe('a broken addon', () => {
  it('causes one clear error, and never a crash', { timeout: kDeadlineMs }, async () => {
    const project = await installed()
    const { env } = await useSite()
    const path = `node_modules/@dodici/linux-${process.arch}-gnu/dodici.node`
    rmSync(join(project.folder, path))
    project.write({ [path]: 'half a download' })
    const { code, stderr } = await project.node(['main.mjs'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain("can't load its addon")
    expect(stderr).toContain('it is not a shared library of Linux')
  })
})
