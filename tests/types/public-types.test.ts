/**
 * The package as a TypeScript program sees it: the declarations of dist/, undici's types, and each kind of module
 * resolution.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, installInto } from '../support/installed-package.ts'

const folder = mkdtempSync(join(tmpdir(), 'dodici-types-'))
let installed = ''

beforeAll(async () => {
  installed = await installInto(folder, ['undici', '@types/node', 'undici-types'])
  cpSync(join(import.meta.dirname, 'programs'), join(folder, 'programs'), { recursive: true })
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
