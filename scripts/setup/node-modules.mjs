// node_modules, Node 24 among them, and the other releases of Node that tests run on. Each has a stamp with its lock
// file's hash: `npm ci` runs only when that changed.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, runLogged, StepFailed } from '../support/run.mjs'
import { inRoot, logOf, node24, root } from '../support/paths.mjs'

const otherNodes = inRoot('tests/support/node-versions')

export async function ensureNodeModules() {
  await ensureInstalled(root, 'npm ci', 'npm-ci', existsSync(node24), checkNode24)
  await ensureInstalled(otherNodes, 'npm ci (Node 22 and 26)', 'npm-ci-node-versions')
}

async function ensureInstalled(folder, title, log, isThere = true, check = async () => {}) {
  const stampFile = join(folder, 'node_modules/.dodici-stamp')
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && isThere) return
  await runLogged({
    title,
    command: 'npm',
    args: ['ci', '--no-audit', '--no-fund', '--loglevel=warn'],
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
