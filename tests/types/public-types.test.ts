/** The package as a TypeScript program sees it: dist/'s declarations, undici's types, each way of resolving modules. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
const folder = mkdtempSync(join(tmpdir(), 'dodici-types-'))
const installed = join(folder, 'node_modules/dodici')

/** What the compiler says; nothing is well. */
function compile(args: readonly string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, [tsc, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

// As if it were installed: the package with its dist/, and what it depends on, nothing else.
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  mkdirSync(installed)
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['undici', '@types/node', 'undici-types']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  cpSync(join(import.meta.dirname, 'programs'), join(folder, 'programs'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const output = ['--outDir', join(installed, 'dist')]
  const complaints = compile(['-p', 'tsconfig.build.json', ...output], root)
  if (complaints !== '') throw new Error(complaints)
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('programs that use the package', () => {
  const checkedLibraries = { skipLibCheck: false }

  it.each([
    { module: 'node16', moduleResolution: 'node16' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
    { module: 'preserve', moduleResolution: 'bundler' },
  ])('are type-checked strictly with module $module', (modules) => {
    const compilerOptions = {
      ...modules,
      ...checkedLibraries,
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      noEmit: true,
    }
    const project = { compilerOptions, include: ['programs'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    expect(compile(['-p', 'tsconfig.json'], folder)).toBe('')
  })
})

describe('the declarations in dist/', () => {
  it('say `any` nowhere', () => {
    const dist = join(installed, 'dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    const declarations = files.filter((file) => file.endsWith('.d.ts'))
    expect(declarations).toContain('index.d.ts')
    const withAny = declarations.filter((file) => {
      const text = readFileSync(join(dist, file), 'utf8')
      return /\bany\b/.test(text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ''))
    })
    expect(withAny).toEqual([])
  })
})
