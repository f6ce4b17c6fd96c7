// Runs one of the project's own TypeScript programs on Node 24, with the release build.
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { addonOf, inRoot, node24, preparedEnv, root } from './paths.mjs'
import { runVisible } from './run.mjs'

/** `purpose` is passed to `prepare()`. */
export async function runScript(file, words, purpose, nodeOptions = []) {
  await prepare(purpose)
  await buildPreset('release')
  await buildLib()
  const env = preparedEnv({ DODICI_ADDON: addonOf('release') })
  return runVisible(node24, [...nodeOptions, inRoot(file), ...words], { cwd: root, env })
}
