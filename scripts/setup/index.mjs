// All steps between a clean clone and a built package, in order; each does nothing if there is nothing to do. They run
// on plain Node 20 at the start of each task, so nothing here may need node_modules before `npm ci`.
import { ensureBundled } from '../bundled/index.mjs'
import { ensureNodeModules } from './node-modules.mjs'
import { ensureSystemPackages } from './system-packages.mjs'
import { ensureZigTools } from './zig-tools.mjs'

/**
 * Prepares what building needs, and what `purposes` need in addition: 'test', 'check', 'demo', 'fuzz', 'system',
 * 'valgrind', 'bulk', 'arm64', 'zig'. Only 'test' installs servers, proxies and other releases of Node.
 */
export async function prepare(...purposes) {
  await prepareTools(...purposes)
  await ensureBundled()
}

/** The same, without the bundled libraries. */
export async function prepareTools(...purposes) {
  await ensureSystemPackages(purposes)
  await ensureNodeModules(purposes.includes('test'))
}

/** Prepares what building for a target needs, and what `purposes` need in addition. */
export async function prepareTarget(target, ...purposes) {
  await prepareTools(...purposes, target.purpose)
  if (target.usesZig) await ensureZigTools(target)
  await ensureBundled(target)
}
