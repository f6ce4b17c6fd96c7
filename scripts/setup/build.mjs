// The steps that compile: a CMake preset, and lib/ to dist/. Both are quick if there is nothing to do.
import { existsSync } from 'node:fs'
import { buildCommonJs } from '../package/commonjs.mjs'
import { ensureLibcKit } from '../package/libc-kit.mjs'
import { runLogged, say, StepFailed } from '../support/run.mjs'
import { bin, inRoot, logOf, node24, preparedEnv, root } from '../support/paths.mjs'
import { platformOf, targetOfPreset } from '../support/targets.mjs'

/** Configures and builds a preset. `wrap` goes before each command. The name of a preset for a target ends with the target's name. */
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

/** Only the first time, and for what users run, whose C library may have to be fetched: later CMake sees to it itself. */
export async function configurePreset(preset) {
  const target = targetOfPreset(preset)
  const isReleased = preset.startsWith('release')
  if (!isReleased && existsSync(inRoot('build', preset, 'build.ninja'))) return
  const needsKit = isReleased && platformOf(target).endsWith('-gnu')
  const definitions = needsKit ? [`-DDODICI_LIBC_KIT=${await libcKit(target?.name)}`] : []
  const args = ['--preset', preset, ...definitions]
  await runLogged({
    title: `configuring ${preset}`,
    command: 'cmake',
    args,
    cwd: root,
    env: preparedEnv(),
    log: logOf(`build-${preset}`),
  })
}

/** Lets what is built here run on older distributions too; '' where that is not possible. */
async function libcKit(arch = process.arch) {
  try {
    return await ensureLibcKit(arch)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`${error.message}\nThe addon is built for the C library of this machine, and newer ones.`)
    return ''
  }
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
  await buildCommonJs()
}
