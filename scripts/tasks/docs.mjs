// `npm run docs`: writes the parts of docs/ that are made from the source, and the API reference into build/reference.
import { reference } from '../check/tools.mjs'
import { ensureNodeModules, ensureTypedoc } from '../setup/node-modules.mjs'
import { inRoot, node24, preparedEnv, root } from '../support/paths.mjs'
import { runVisible, say } from '../support/run.mjs'

export async function run() {
  await ensureNodeModules()
  const program = inRoot('scripts/docs/write.ts')
  if ((await runVisible(node24, [program], { cwd: root, env: preparedEnv() })) !== 0) return 1
  await ensureTypedoc()
  if (!(await reference())) return 1
  say(inRoot('build/reference/index.html'))
  return 0
}
