// dodici for programs that can't take an ES module: Jest's own module system, and TypeScript's for CommonJS. One file and
// its declarations, made from dist/. Node itself takes the ES module for require() as well ("module-sync" in package.json),
// so that a process has one dodici.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runLogged } from '../support/run.mjs'
import { bin, inRoot, logOf, preparedEnv } from '../support/paths.mjs'

const dist = inRoot('dist')
const folder = join(dist, 'commonjs')

/** Writes dist/commonjs: index.cjs, and the declarations. REQUIRES: dist/ is built. */
export async function buildCommonJs() {
  rmSync(folder, { recursive: true, force: true })
  await bundle()
  declareCommonJs(dist)
}

/** Writes a .d.cts into `dist`/commonjs for each .d.ts of `dist`. */
export function declareCommonJs(dist) {
  for (const name of readdirSync(dist, { recursive: true })) {
    if (name.endsWith('.d.ts')) declare(dist, name)
  }
}

async function bundle() {
  await runLogged({
    title: 'bundling dist/ as CommonJS',
    command: bin('esbuild'),
    args: [
      join(dist, 'index.js'),
      ...['--bundle', '--format=cjs', '--platform=node', '--target=node22', '--packages=external'],
      // lib/native looks for its addon by require() instead.
      '--log-override:empty-import-meta=silent',
      `--outfile=${join(folder, 'index.cjs')}`,
    ],
    env: preparedEnv(),
    log: logOf('commonjs'),
  })
}

function declare(dist, name) {
  const text = readFileSync(join(dist, name), 'utf8')
  const file = join(dist, 'commonjs', name.replace(/\.ts$/, '.cts'))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text.replaceAll(/(['"])(\.{1,2}\/[^'"]+)\.[jt]s\1/g, '$1$2.cjs$1'))
}
