// Builds the bundled static libraries, once for each machine, compiler, versions and flags, and prints their prefix.
//
//   node scripts/bundled/index.mjs             build what is missing, then print the prefix
//   node scripts/bundled/index.mjs --find      only print the prefix when it is complete (CMake asks this)
//   --target=arm64                             with either: the libraries for that target
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheFolder } from '../support/cache.mjs'
import { withLock } from '../support/lock.mjs'
import { capture, main, runLogged, say, seconds, StepFailed } from '../support/run.mjs'
import { describePatches, patchSteps } from './patches.mjs'
import { describeTarget, targetOf } from '../support/targets.mjs'
import { compilerFlags, describeRecipes, recipes } from './recipes.mjs'
import { bundledSources } from './sources.mjs'
import { readLibraries } from './versions.mjs'

/** The prefix for this machine's compiler, or the target's, and these versions and flags; complete or not. */
export async function prefixPath(target) {
  const key = createHash('sha256')
    .update(await describeCompiler(target))
    .update(JSON.stringify(readLibraries()))
    .update(describeRecipes(target))
    .update(describeTarget(target))
    .update(describePatches())
    .digest('hex')
    .slice(0, 16)
  return join(cacheFolder, key)
}

async function describeCompiler(target) {
  const command = target === undefined ? (process.env.CC ?? 'cc') : `${target.tools}-gcc`
  // clang, and so zig, has no -dumpfullversion.
  const args = target?.usesZig ? ['--version'] : ['-dumpfullversion', '-dumpmachine']
  const compiler = await capture(command, args)
  if (compiler !== undefined) return compiler
  if (target?.usesZig) throw new StepFailed(`no ${command}: npm run package -- ${target.name}`)
  const name = target === undefined ? 'build-essential' : `g++-${target.triplet}`
  throw new StepFailed(`no C compiler ${command}: install the package ${name}.`)
}

/**
 * Returns `{prefix, manifest}` of complete libraries, or `undefined`. The manifest is written last, so it proves that
 * all are there. Without a `target` they are for this machine.
 */
export async function findBundled(target) {
  const prefix = await prefixPath(target)
  const file = join(prefix, 'bundled.json')
  return existsSync(file) ? { prefix, manifest: JSON.parse(readFileSync(file, 'utf8')) } : undefined
}

/** Returns the complete libraries, and builds them if necessary. */
export async function ensureBundled(target) {
  const found = await findBundled(target)
  if (found !== undefined) return found
  mkdirSync(cacheFolder, { recursive: true })
  const prefix = await prefixPath(target)
  return withLock(
    `${prefix}.lock`,
    'bundled libraries',
    async () => (await findBundled(target)) ?? build(prefix, target),
  )
}

async function build(prefix, target) {
  const start = performance.now()
  const libraries = readLibraries()
  const logs = `${prefix}.logs`
  // Beside the final prefix, so that the rename at the end stays within one file system.
  const staging = `${prefix}.partial`
  for (const directory of [staging, logs]) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
  }
  say(
    `Building ${libraries.length} bundled libraries${target === undefined ? '' : ` for ${target.name}`} into ${prefix}: once, two to six minutes on 2 cores.`,
  )
  const taken = await fetchAll(libraries, logs)
  const http3 = taken.has('nghttp3') && taken.has('ngtcp2')
  const at = { prefix: join(staging, 'prefix'), jobs: availableParallelism(), http3, target }
  for (const [index, library] of libraries.entries()) {
    const source = taken.get(library.name)
    if (source === undefined || (library.optional === 'HTTP/3' && !http3)) continue
    await buildOne({
      label: `[${index + 1}/${libraries.length}] ${library.name} ${source.version}`,
      library,
      source,
      staging,
      logs,
      at,
    })
  }
  const manifest = {
    http3,
    versions: Object.fromEntries(
      [...taken].map(([name, { version, from }]) => [name, { version, from }]),
    ),
    flags: compilerFlags,
  }
  finish(at.prefix, prefix, manifest)
  rmSync(staging, { recursive: true, force: true })
  say(`Bundled libraries ready in ${seconds(start)}${http3 ? '' : ', without HTTP/3'}.`)
  return { prefix, manifest }
}

async function fetchAll(libraries, logs) {
  const sources = bundledSources(join(logs, 'sources.log'))
  try {
    const taken = new Map()
    for (const library of libraries) {
      const source = await sources.get(library)
      if (source === undefined) continue
      say(`${library.name} ${source.version}: source from ${source.from}`)
      taken.set(library.name, source)
    }
    return taken
  } finally {
    sources.dispose()
  }
}

async function buildOne({ label, library, source, staging, logs, at }) {
  const start = performance.now()
  const directory = join(staging, library.name)
  const log = join(logs, `${library.name}.log`)
  mkdirSync(directory)
  const hint = 'When the cause is mended, the same command goes on: fetched sources are kept.'
  const run = (what, command, args) =>
    runLogged({ title: `${label}: ${what}`, command, args, cwd: directory, log, hint })
  await run('unpacking', 'tar', ['-xf', source.file, '--strip-components=1', '--no-same-owner'])
  for (const [what, command, args] of [
    ...patchSteps(library.name),
    ...recipes[library.name]({ ...at, source: directory }),
  ])
    await run(what, command, args)
  rmSync(directory, { recursive: true, force: true })
  say(`${label}: built in ${seconds(start)}`)
}

/** Leaves only the files that CMake uses, as package files would still name the staging folder. */
function finish(built, prefix, manifest) {
  for (const unused of ['bin', 'share', 'lib/pkgconfig', 'lib/cmake'])
    rmSync(join(built, unused), { recursive: true, force: true })
  writeFileSync(join(built, 'bundled.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  rmSync(prefix, { recursive: true, force: true })
  renameSync(built, prefix)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const { values } = parseArgs({
      options: { find: { type: 'boolean' }, target: { type: 'string' } },
    })
    const target = targetOf(values.target)
    const found = values.find ? await findBundled(target) : await ensureBundled(target)
    if (found === undefined) return 1
    process.stdout.write(`${found.prefix}\n`)
    return 0
  })
}
