// dodici for programs that can't take an ES module: Jest's own module system, and TypeScript's for CommonJS. One file with
// all entry points, so that they share their classes and state, a file for each other entry point, and the declarations,
// made from dist/. Node itself takes the ES module for require() as well ("module-sync" in package.json),
// so that a process has one dodici.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { capture, runLogged, StepFailed } from '../support/run.mjs'
import { bin, inRoot, logOf, node24, preparedEnv } from '../support/paths.mjs'

const dist = inRoot('dist')
const folder = join(dist, 'commonjs')

/** The entry points besides index.js. */
const others = ['bulk']

/** Writes dist/commonjs: index.cjs, the other entry points, and the declarations. REQUIRES: dist/ is built. */
export async function buildCommonJs() {
  rmSync(folder, { recursive: true, force: true })
  const entry = join(folder, 'entry.js')
  mkdirSync(folder)
  writeFileSync(entry, entryCode())
  await bundle(entry)
  rmSync(entry)
  for (const name of others) await forward(name)
  declareCommonJs(dist)
}

/** Writes a .d.cts into `dist`/commonjs for each .d.ts of `dist`. */
export function declareCommonJs(dist) {
  for (const name of readdirSync(dist, { recursive: true })) {
    if (name.endsWith('.d.ts')) declare(dist, name)
  }
}

// index.js, whose exports are those of the bundle. Only the files of forward() find the others.
function entryCode() {
  const lines = others.flatMap((name) => [
    `import * as ${name} from '../${name}.js'`,
    `Object.defineProperty(module.exports, Symbol.for('dodici.${name}'), { value: ${name} })`,
  ])
  return ["export * from '../index.js'", "export { default } from '../index.js'", ...lines].join(
    '\n',
  )
}

async function forward(name) {
  const exported = await namesExportedBy(pathToFileURL(join(dist, `${name}.js`)).href)
  const lines = exported.map((one) => `exports.${one} = all.${one}`)
  const all = `const all = require('./index.cjs')[Symbol.for('dodici.${name}')]`
  writeFileSync(join(folder, `${name}.cjs`), `'use strict'\n${[all, ...lines].join('\n')}\n`)
}

// In the Node of the tasks: undici does not load in an older one, which may be the one that runs this.
async function namesExportedBy(url) {
  const program = `console.log(JSON.stringify(Object.keys(await import('${url}'))))`
  const names = await capture(node24, ['--input-type=module', '--eval', program])
  if (names === undefined) throw new StepFailed(`${url} does not load.`)
  return JSON.parse(names)
}

async function bundle(entry) {
  await runLogged({
    title: 'bundling dist/ as CommonJS',
    command: bin('esbuild'),
    args: [
      entry,
      ...['--bundle', '--format=cjs', '--platform=node', '--target=node22', '--packages=external'],
      // lib/native looks for its addon by require() instead.
      '--log-override:empty-import-meta=silent',
      // The entry puts the other entry points beside its exports.
      '--log-override:commonjs-variable-in-esm=silent',
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
