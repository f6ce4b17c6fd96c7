// Everything between a clean clone and a built package, in order; each step does nothing when there is nothing to do.
// Runs on plain Node 20, as the first thing of each task: nothing here may need node_modules before `npm ci` ran.
import { ensureBundled } from '../bundled/index.mjs'
import { ensureNodeModules } from './node-modules.mjs'
import { ensureSystemPackages } from './system-packages.mjs'

/** Leaves the tools, node_modules and the bundled libraries in place. `task` may ask for more tools: 'check', 'fuzz', 'valgrind'. */
export async function prepare(task) {
  await ensureSystemPackages(task)
  await ensureNodeModules()
  await ensureBundled()
}
