// All steps between a clean clone and a built package, in order; each does nothing if there is nothing to do. They run
// on plain Node 20 at the start of each task, so nothing here may need node_modules before `npm ci`.
import { ensureBundled } from '../bundled/index.mjs'
import { ensureNodeModules } from './node-modules.mjs'
import { ensureSystemPackages } from './system-packages.mjs'

/**
 * Installs the tools, node_modules and the bundled libraries. The tasks 'check', 'fuzz' and 'valgrind' need more tools.
 */
export async function prepare(task) {
  await ensureSystemPackages(task)
  await ensureNodeModules()
  await ensureBundled()
}
