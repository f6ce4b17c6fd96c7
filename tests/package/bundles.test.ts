/** dodici in bundles: how they find the addon, and how tracers include it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emptyProject, installedOnce, kDeadlineMs, well } from './support/installed.ts'
import { makeFolder, toolFile, type Project, type Ran } from './support/project.ts'
import { useSite } from './support/site.ts'

// undici is CommonJS, which loads Node's modules by require().
const banner =
  "import { createRequire as from } from 'node:module'; const require = from(import.meta.url)"

function esbuild(project: Project, format: string, from: string, to: string): Promise<Ran> {
  return project.tool('esbuild/bin/esbuild', [
    from,
    '--bundle',
    '--platform=node',
    `--format=${format}`,
    `--outfile=${to}`,
    '--log-override:empty-import-meta=silent',
    '--external:@dodici/*',
    ...(format === 'esm' ? [`--banner:js=${banner}`] : []),
  ])
}

describe('a bundle', () => {
  const project = installedOnce()

  it.each([
    ['esm', 'main.mjs', 'bundle/out.mjs'],
    ['cjs', 'main.cjs', 'bundle/out.cjs'],
  ])('by esbuild as %s finds the addon in node_modules', async (format, from, to) => {
    const { env } = await useSite()
    const built = await esbuild(project(), format, from, to)
    expect(built).toMatchObject({ code: 0 })
    expect(await project().node([to], { env })).toEqual(well)
  })

  it('by webpack finds the addon in node_modules', { timeout: kDeadlineMs }, async () => {
    const { env } = await useSite()
    project().write({
      'build.cjs': `
        const webpack = require(${JSON.stringify(toolFile('webpack/lib/index.js'))})
        const options = { mode: 'production', optimization: { minimize: false }, target: 'node22', entry: './main.cjs', externals: [/^@dodici\\//], externalsType: 'commonjs',
          output: { path: __dirname + '/bundle', filename: 'webpacked.cjs' } }
        webpack(options, (error, stats) => {
          if (error || stats.hasErrors()) throw error ?? new Error(stats.toString())
        })`,
    })
    expect(await project().node(['build.cjs'])).toMatchObject({ code: 0, stderr: '' })
    expect(await project().node(['bundle/webpacked.cjs'], { env })).toEqual(well)
  })

  it('elsewhere, without the addon, says how to find it', async () => {
    await esbuild(project(), 'cjs', 'main.cjs', 'alone.cjs')
    const alone = emptyProject({
      'alone.cjs': readFileSync(join(project().folder, 'alone.cjs'), 'utf8'),
    })
    const { env } = await useSite()
    const { code, stderr } = await alone.node(['alone.cjs'], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/dodici found no addon for this platform .* set DODICI_ADDON/s)
  })

  it('traced for a standalone server includes the addon', async () => {
    const { env } = await useSite()
    const folder = makeFolder()
    project().write({
      'trace.mjs': `
        import { cpSync } from 'node:fs'
        import nft from ${JSON.stringify(toolFile('@vercel/nft/out/index.js'))}
        const { fileList } = await nft.nodeFileTrace(['main.mjs'])
        for (const file of fileList) cpSync(file, ${JSON.stringify(folder)} + '/' + file, { dereference: true })`,
    })
    expect(await project().node(['trace.mjs'])).toMatchObject({ code: 0, stderr: '' })
    expect(
      existsSync(join(folder, `node_modules/@dodici/linux-${process.arch}-gnu/dodici.node`)),
    ).toBe(true)
    expect(await project().node([join(folder, 'main.mjs')], { env })).toEqual(well)
  })
})
