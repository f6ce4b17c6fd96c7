/** A folder in which the package is installed: with its dist/ and what it depends on, nothing else. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
const commonJs = new URL('../../scripts/package/commonjs.mjs', import.meta.url).href
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')

/** Returns what the compiler says; an empty text if all is well. */
export function compile(args: readonly string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, [tsc, ...args], { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

/** Builds the package into `folder` and returns where it is. `packages` are those of node_modules that it may import. */
export async function installInto(folder: string, packages: readonly string[]): Promise<string> {
  const installed = join(folder, 'node_modules/dodici')
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  mkdirSync(installed)
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of packages) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const dist = join(installed, 'dist')
  const output = ['--outDir', dist]
  const complaints = compile(['-p', 'tsconfig.build.json', ...output], root)
  if (complaints !== '') throw new Error(complaints)
  const { declareCommonJs } = (await import(commonJs)) as { declareCommonJs(dist: string): void }
  declareCommonJs(dist)
  return installed
}
