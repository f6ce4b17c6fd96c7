// Installs node_modules with Node 24, the other releases of Node for tests, and the public test suites. Each has a
// stamp with its lock file's hash; `npm ci` runs only if that has changed.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, runLogged, say, StepFailed } from '../support/run.mjs'
import { inRoot, logOf, node24, root } from '../support/paths.mjs'

const otherNodes = inRoot('tests/support/node-versions')
const publicSuites = inRoot('tests/public/suites')
const typedoc = inRoot('scripts/docs/reference')
const zig = inRoot('scripts/zig')
const muslBun = inRoot('tests/support/bun-musl')
const packageTools = inRoot('tests/package/tools')
const nativeClients = inRoot('bench/clients/native')

/** With `forTests` it also installs what only the tests need. */
export async function ensureNodeModules(forTests) {
  await ensureInstalled(root, 'npm ci', 'npm-ci', {
    isThere: existsSync(node24),
    check: checkNode24,
  })
  if (!forTests) return
  await ensureInstalled(otherNodes, 'npm ci (Node 22 and 26)', 'npm-ci-node-versions')
  // Only their tests and helpers are needed, so their scripts do not run.
  await ensureInstalled(publicSuites, 'npm ci (public test suites)', 'npm-ci-public-suites', {
    command: ['ci', '--ignore-scripts'],
  })
}

/** Installs releases of Node for another architecture, for emulated-nodes.mjs. Returns the folder that holds them. */
export async function ensureNodesFor(arch) {
  const folder = inRoot('tests/support', `node-${arch}`)
  await ensureInstalled(folder, `npm ci (Node for ${arch})`, `npm-ci-node-${arch}`, {
    command: ['ci', `--cpu=${arch}`, '--os=linux'],
  })
  return join(folder, 'node_modules')
}

/** Installs TypeDoc, which needs an older TypeScript than the project has. */
export function ensureTypedoc() {
  return ensureInstalled(typedoc, 'npm ci (TypeDoc)', 'npm-ci-typedoc')
}

/** Installs zig, a C++ compiler that has the headers of other systems. Returns its path. */
export async function ensureZig() {
  // Not `npm ci`, as for the native clients below.
  await ensureInstalled(zig, 'npm install (zig)', 'npm-zig', { command: ['install', '--no-save'] })
  // The package's own command is a script that starts this.
  return join(zig, `node_modules/@zigc/${process.platform}-${process.arch}/bin/zig`)
}

/** Installs Bun for Linux with musl on x64. Returns its path. */
export async function ensureBun() {
  await ensureInstalled(muslBun, 'npm ci (Bun for musl)', 'npm-ci-bun', {
    command: ['ci', '--cpu=x64', '--os=linux', '--libc=musl'],
  })
  return join(muslBun, 'node_modules/@oven/bun-linux-x64-musl-baseline/bin/bun')
}

/** Package managers, bundlers and Jest, for tests/package. */
export function ensurePackageTools() {
  // The tests run the tools' scripts by Node; esbuild's install script would put a program in the place of its own.
  return ensureInstalled(packageTools, 'npm ci (tools of tests/package)', 'npm-ci-package-tools', {
    command: ['ci', '--ignore-scripts'],
  })
}

/** Other native clients, for the benchmarks; they do without where npm has no binaries for this machine. */
export async function ensureNativeClients() {
  try {
    // Not `npm ci`, which needs the binaries of all machines in the lock file, and some registries lack some.
    await ensureInstalled(nativeClients, 'npm install (impit, wreq-js)', 'npm-native-clients', {
      command: ['install', '--no-save'],
    })
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`Without impit and wreq-js; ${logOf('npm-native-clients')} tells why.`)
  }
}

async function ensureInstalled(
  folder,
  title,
  log,
  { command = ['ci'], isThere = true, check = async () => {} } = {},
) {
  const stampFile = join(folder, 'node_modules/.dodici-stamp')
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && isThere) return
  await runLogged({
    title,
    command: 'npm',
    args: [...command, '--no-audit', '--no-fund', '--loglevel=warn'],
    cwd: folder,
    log: logOf(log),
    hint: 'npm ci needs a reachable npm registry.',
  })
  await check()
  writeFileSync(stampFile, wanted)
}

async function checkNode24() {
  const version = (await capture(node24, ['--version']))?.trim()
  if (version === undefined || !atLeast(version, 22, 19)) {
    throw new StepFailed(
      `node_modules/.bin/node should be Node 24, but it ${version === undefined ? 'does not run' : `is ${version}`}.\n` +
        'It comes with the devDependency "node", whose install script must be allowed to run (npm config get ignore-scripts).',
    )
  }
}

function atLeast(version, major, minor) {
  const [haveMajor = 0, haveMinor = 0] = version.replace('v', '').split('.').map(Number)
  return haveMajor > major || (haveMajor === major && haveMinor >= minor)
}
