/** The packed tarballs, installed into empty projects by each package manager, without a compiler, and used in every way. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeMajors, nodeProgram } from '../support/node-versions.ts'
import { installed, installedOnce, kDeadlineMs, well } from './support/installed.ts'
import { toolFile } from './support/project.ts'
import { allAnswers, useSite } from './support/site.ts'

describe.each(['npm', 'pnpm', 'yarn'] as const)('an install by %s', (manager) => {
  it(
    'has the one addon that fits, and answers in under ten seconds from start to finish',
    { timeout: kDeadlineMs },
    async () => {
      const site = await useSite()
      const start = performance.now()
      const project = await installed({ manager })
      const ran = await project.node(['main.mjs'], { env: site.env })
      expect(ran).toEqual(well)
      // For a registry on this machine. A loaded machine may take three times as long.
      expect(performance.now() - start).toBeLessThan(30_000)
      const scope =
        manager === 'pnpm' ? 'node_modules/.pnpm/node_modules/@dodici' : 'node_modules/@dodici'
      const addons = readdirSync(join(project.folder, scope))
      expect(addons).toEqual([`linux-${process.arch}-gnu`])
    },
  )
})

describe('an installed dodici', () => {
  const project = installedOnce()

  it.each(nodeMajors)('is imported and required by Node %d, as one', async (major) => {
    const { env } = await useSite()
    const program = nodeProgram(major)
    expect(await project().node(['main.mjs'], { program, env })).toEqual(well)
    const required = await project().node(['main.cjs'], { program, env })
    expect(required).toMatchObject({ code: 0, stdout: allAnswers })
    expect(required.stderr).toMatch(/^$|ExperimentalWarning/)
    const both = `
      import { createRequire } from 'node:module'
      import { Agent } from 'dodici'
      console.log(createRequire(import.meta.url)('dodici').Agent === Agent)`
    project().write({ 'both.mjs': both })
    expect(await project().node(['--no-warnings', 'both.mjs'], { program })).toMatchObject({
      stdout: 'true\n',
    })
  })

  it('takes over a program that does not know it, by --import dodici/register', async () => {
    const { env } = await useSite()
    expect(
      await project().node(['--import', 'dodici/register', 'registered.mjs'], { env }),
    ).toEqual(well)
  })

  it('has a command, which downloads', async () => {
    const { origins, env } = await useSite()
    const args = ['node_modules/.bin/dodici', 'get', `${origins[1]}/words`]
    expect(await project().node(args, { env })).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(join(project().folder, 'words'), 'utf8')).toBe('HTTPS')
  })

  it('is required by Jest', { timeout: kDeadlineMs }, async () => {
    const { env } = await useSite()
    project().write({ 'jest.config.cjs': `module.exports = { testMatch: ['**/*.test.cjs'] }` })
    const { code, stderr } = await project().node([toolFile('jest/bin/jest.js'), '--ci'], { env })
    expect(stderr).toContain('1 passed')
    expect(code).toBe(0)
  })

  it.each([
    ['node16', 'program.cts'],
    ['node16', 'program.mts'],
    ['nodenext', 'program.cts'],
    ['nodenext', 'program.mts'],
    ['bundler', 'program.ts'],
  ])('has types for TypeScript: %s, %s', { timeout: kDeadlineMs }, async (resolution, file) => {
    const program = `
      import { Agent, fetch, setGlobalDispatcher } from 'dodici'
      const agent: Agent = new Agent({ connections: 1 })
      setGlobalDispatcher(agent)
      export const text: Promise<string> = fetch('http://localhost/').then((response) => response.text())
      // @ts-expect-error: it is a number
      new Agent({ connections: 'one' })`
    project().write({ [file]: program })
    const module = resolution === 'bundler' ? 'esnext' : resolution
    const options = {
      noEmit: true,
      strict: true,
      target: 'es2022',
      skipLibCheck: true,
      module,
      moduleResolution: resolution,
      typeRoots: [toolFile('@types')],
      types: ['node'],
    }
    project().write({
      'tsconfig.json': JSON.stringify({ compilerOptions: options, files: [file] }),
    })
    const checked = await project().tool('typescript/bin/tsc', ['-p', '.'])
    expect(checked).toMatchObject({ code: 0, stdout: '' })
  })
})

describe("the application's own undici", () => {
  it.each(['7.30.2', '8.12.4'])(
    '%s is what dodici uses',
    { timeout: kDeadlineMs },
    async (version) => {
      const project = await installed({ undici: version })
      project.write({
        'same.mjs': `
        import { Agent, errors } from 'dodici'
        import undici from 'undici'
        const agent = new Agent()
        await agent.destroy()
        const error = await undici.request('http://localhost:1/', { dispatcher: agent }).catch((error) => error)
        console.log(error instanceof undici.errors.ClientDestroyedError, errors === undici.errors, agent instanceof undici.Dispatcher)`,
      })
      const { stdout } = await project.node(['same.mjs'])
      expect(stdout).toMatch(/^true (true|false) true\n$/)
      const { env } = await useSite()
      expect(await project.node(['main.mjs'], { env })).toEqual(well)
    },
  )
})
