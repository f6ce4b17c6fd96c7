// The steps that compile: a CMake preset, and lib/ to dist/. Both are quick if there is nothing to do.
import { existsSync } from 'node:fs'
import { runLogged } from '../support/run.mjs'
import { bin, inRoot, logOf, node24, preparedEnv, root } from '../support/paths.mjs'

/** Configures a preset (the first time; later CMake does it) and builds it. `wrap` is put before each command. */
export async function buildPreset(preset, { targets = [], wrap = [] } = {}) {
  const log = logOf(`build-${preset}`)
  const run = (title, args) => {
    const [command, ...rest] = [...wrap, 'cmake', ...args]
    return runLogged({
      title,
      command,
      args: rest,
      cwd: root,
      env: preparedEnv(),
      log,
      showLast: true,
    })
  }
  await configurePreset(preset)
  const chosen = targets.length > 0 ? ['--target', ...targets] : []
  await run(`building ${preset}`, ['--build', '--preset', preset, ...chosen])
}

export async function configurePreset(preset) {
  if (existsSync(inRoot('build', preset, 'build.ninja'))) return
  const args = ['--preset', preset]
  await runLogged({
    title: `configuring ${preset}`,
    command: 'cmake',
    args,
    cwd: root,
    env: preparedEnv(),
    log: logOf(`build-${preset}`),
  })
}

export async function buildLib() {
  const args = [bin('tsc'), '-p', 'tsconfig.build.json']
  await runLogged({
    title: 'compiling lib/ to dist/',
    command: node24,
    args,
    cwd: root,
    env: preparedEnv(),
    log: logOf('tsc'),
  })
}
