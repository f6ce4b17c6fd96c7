// node_modules, Node 24 among them. The stamp is the lock file's hash: `npm ci` runs only when that changed.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { capture, runLogged, StepFailed } from '../support/run.mjs'
import { inRoot, logOf, node24, root } from '../support/paths.mjs'

const stampFile = inRoot('node_modules/.dodici-stamp')

export async function ensureNodeModules() {
  const wanted = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && existsSync(node24))
    return
  await runLogged({
    title: 'npm ci',
    command: 'npm',
    args: ['ci', '--no-audit', '--no-fund', '--loglevel=warn'],
    cwd: root,
    log: logOf('npm-ci'),
    hint: 'npm ci needs a reachable npm registry.',
  })
  const version = (await capture(node24, ['--version']))?.trim()
  if (version === undefined || !atLeast(version, 22, 19)) {
    throw new StepFailed(
      `node_modules/.bin/node should be Node 24, but it ${version === undefined ? 'does not run' : `is ${version}`}.\n` +
        'It comes with the devDependency "node", whose install script must be allowed to run (npm config get ignore-scripts).',
    )
  }
  writeFileSync(stampFile, wanted)
}

function atLeast(version, major, minor) {
  const [haveMajor = 0, haveMinor = 0] = version.replace('v', '').split('.').map(Number)
  return haveMajor > major || (haveMajor === major && haveMinor >= minor)
}
