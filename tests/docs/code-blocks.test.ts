/**
 * Every block of code in README.md and docs/ is type-checked and run, in a folder where dodici is installed, against
 * servers of the test in place of example.com. Blocks of `sh` are run if they start Node, and name tasks that exist.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectFiles, read } from '../architecture/support.ts'
import { certificates } from '../support/certificates.ts'
import { compile, installInto } from '../support/installed-package.ts'
import { startSite } from './support/site.ts'
import type { Site } from './support/site.ts'

interface Block {
  readonly name: string
  readonly language: string
  readonly code: string
}

const endings: Record<string, string> = { js: '.mjs', cjs: '.cjs', ts: '.mts' }
const folder = mkdtempSync(join(tmpdir(), 'dodici-docs-'))
const run = promisify(execFile)
let site: Site

const blocks = projectFiles(/^README\.md$|^docs\/.*\.md$/).flatMap(blocksOf)
const programs = blocks.filter(({ language }) => language in endings)

function blocksOf(page: string): Block[] {
  const text = read(page)
  return [...text.matchAll(/^```(\w*).*\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', code = ''], index) => ({
      name: `${page.replaceAll('/', '-')}-${index + 1}`,
      language,
      code,
    }),
  )
}

const fileOf = ({ name, language }: Block): string => name + endings[language]

const environment = (): Record<string, string | undefined> => ({
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  NODE_OPTIONS: '',
})

beforeAll(async () => {
  await installInto(folder, ['undici', '@types/node', 'undici-types'])
  site = await startSite()
  writeFileSync(join(folder, 'ca.pem'), certificates().ca)
  writeFileSync(
    join(folder, 'app.js'),
    site.localized(
      "const response = await fetch('https://example.com/users?page=2')\nawait response.text()\n",
    ),
  )
  for (const block of programs)
    writeFileSync(join(folder, fileOf(block)), site.localized(block.code))
})

afterAll(async () => {
  await site.close()
  rmSync(folder, { recursive: true })
})

describe('the code in README.md and docs/', () => {
  it('says of each block what language it is in', () => {
    expect(programs.length).toBeGreaterThan(1)
    const known = new Set([...Object.keys(endings), 'sh', 'text'])
    expect(blocks.filter(({ language }) => !known.has(language))).toEqual([])
  })

  it('fits the types of the package', () => {
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      checkJs: true,
      strict: false,
      noEmit: true,
      skipLibCheck: true,
    }
    const project = { compilerOptions, files: programs.map(fileOf) }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    expect(compile(['-p', 'tsconfig.json'], folder)).toBe('')
  })

  it.each(programs)('runs: $name', async (block) => {
    const options = { cwd: folder, env: environment(), timeout: 20_000 }
    const { stderr } = await run(process.execPath, [join(folder, fileOf(block))], options)
    expect(stderr).toBe('')
  })

  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))

  it('names tasks of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const tasks = lines.flatMap((line) =>
      [...line.matchAll(/npm run ([\w:]+)/g)].map(([, task = '']) => task),
    )
    expect(tasks).toContain('demo')
    expect(tasks.filter((task) => !(task in scripts))).toEqual([])
  })

  const commands = lines.filter((line) => /^(?:[A-Z_]+=\S+ )*node /.test(line))

  it.each(commands)('starts: %s', async (command) => {
    const options = { cwd: folder, env: environment(), timeout: 20_000 }
    await run('sh', ['-c', command], options)
  })

  it('shows the lines that NODE_DEBUG=dodici writes', async () => {
    const shown = blocks.find(({ code }) => code.startsWith('DODICI '))?.code ?? ''
    const options = { cwd: folder, env: { ...environment(), NODE_DEBUG: 'dodici' } }
    const args = ['--import', 'dodici/register', 'app.js']
    const { stderr } = await run(process.execPath, args, options)
    const masked = (text: string): string[] =>
      text
        .replaceAll(/https:\/\/[\w.:]+/g, 'ORIGIN')
        .replaceAll(/(DODICI |after |, )\d+(\.\d)?( ms| bytes|:)/g, '$1N$3')
        .split('\n')
        .filter((line) => line !== '')
    // The last one comes only if the process lives on.
    expect(masked(shown).at(-1)).toContain('disconnect ORIGIN')
    expect(masked(stderr)).toEqual(masked(shown).slice(0, -1))
  })
})
