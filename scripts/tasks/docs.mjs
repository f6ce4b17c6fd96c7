// `npm run docs`: writes the parts of docs/ that are made from the source.
import { ensureNodeModules } from '../setup/node-modules.mjs'
import { inRoot, node24, preparedEnv, root } from '../support/paths.mjs'
import { runVisible } from '../support/run.mjs'

export async function run() {
  await ensureNodeModules()
  const program = inRoot('scripts/docs/write.ts')
  return runVisible(node24, [program], { cwd: root, env: preparedEnv() })
}
