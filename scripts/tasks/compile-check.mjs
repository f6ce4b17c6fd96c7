// `npm run compile-check [-- aarch64-macos …]`: compiles each file of core and of the addon for systems that this machine can't
// build for, with the platform files and the headers that they would have. Nothing is linked or run.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { ensureBundled } from '../bundled/index.mjs'
import { ensureZig } from '../setup/node-modules.mjs'
import { ensureSystemPackages } from '../setup/system-packages.mjs'
import { inRoot, root } from '../support/paths.mjs'
import { say, StepFailed } from '../support/run.mjs'

/** Each system's folder of core/src/platform. For Windows core does not compile yet, so that it is only checked by its name. */
const platforms = {
  'aarch64-macos': 'portable',
  'x86_64-macos': 'portable',
  'x86_64-windows-gnu': 'portable',
}

/** As cmake/DodiciNodeApi.cmake has them. */
const nodeApiDefines = [
  'NAPI_VERSION=9',
  'NAPI_CPP_EXCEPTIONS',
  'NODE_ADDON_API_DISABLE_DEPRECATED',
]

export async function run(words) {
  const systems = words.length > 0 ? words : ['aarch64-macos', 'x86_64-macos']
  const unknown = systems.find((system) => platforms[system] === undefined)
  if (unknown !== undefined)
    throw new StepFailed(
      `no such system: ${unknown}. There are ${Object.keys(platforms).join(', ')}.`,
    )
  await ensureSystemPackages([])
  const zig = await ensureZig()
  // The headers of the libraries are the same for all systems, but for OpenSSL's sizes of types, which these share.
  const { prefix } = await ensureBundled()
  linkBoost()
  let failed = 0
  for (const system of systems) failed += await check(system, zig, prefix)
  return failed === 0 ? 0 : 1
}

/** All of /usr/include would hide the headers of the other system's C library. */
function linkBoost() {
  const folder = inRoot('build/compile-check')
  mkdirSync(folder, { recursive: true })
  rmSync(`${folder}/boost`, { force: true })
  symlinkSync('/usr/include/boost', `${folder}/boost`)
}

/** Returns how many files did not compile. */
async function check(system, zig, prefix) {
  const files = [...coreSources(platforms[system]), ...addonSources()]
  say(`${system}: ${files.length} files…`)
  const waiting = [...files]
  const broken = []
  const work = async (worker) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const output = await compile(zig, argumentsFor(system, file, prefix, worker))
      if (output === undefined) continue
      broken.push(file)
      say(`${system}: ${file} does not compile:\n${output}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, (_, index) => work(index)))
  process.stdout.write(
    `${system}: ${files.length - broken.length} files compile, ${broken.length} do not\n`,
  )
  return broken.length
}

/** Returns the compiler's words if it fails. */
function compile(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    let words = ''
    child.stderr.setEncoding('utf8').on('data', (chunk) => (words += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0 ? undefined : words))
  })
}

/** The files that core/CMakeLists.txt lists. */
function coreSources(platform) {
  const list = readFileSync(inRoot('core/CMakeLists.txt'), 'utf8')
  return [...list.matchAll(/^ +(src\/\S+\.cpp)$/gm)].map(
    ([, file]) => `core/${file.replace('${DODICI_PLATFORM}', platform)}`,
  )
}

/** The files that addon/CMakeLists.txt lists for all systems. */
function addonSources() {
  const list = readFileSync(inRoot('addon/CMakeLists.txt'), 'utf8')
  return [...list.matchAll(/^ +((?:marshal\/)?\w+\.cpp)$/gm)].map(([, file]) => `addon/${file}`)
}

function argumentsFor(system, file, prefix, worker) {
  const defines = ['CURL_STATICLIB', 'DODICI_HTTP3=1', ...nodeApiDefines]
  defines.push('DODICI_VERSION=""')
  for (const coding of ['ZLIB', 'BROTLI', 'ZSTD']) defines.push(`DODICI_HAS_${coding}=1`)
  return [
    ...['c++', '-target', system, '-std=c++20', '-Wall', '-Wextra', '-O0'],
    ...defines.map((define) => `-D${define}`),
    ...['-Icore/include', '-Icore/src', '-Iaddon', '-isystem', `${prefix}/include`],
    ...['-isystem', inRoot('node_modules/node-addon-api')],
    ...['-isystem', inRoot('node_modules/node-api-headers/include')],
    // Boost's headers.
    ...['-isystem', inRoot('build/compile-check')],
    ...['-c', file, '-o', inRoot(`build/compile-check/${worker}.o`)],
  ]
}
