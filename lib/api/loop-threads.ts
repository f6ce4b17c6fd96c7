import { errors } from '../compat/undici.ts'
import { loadBinding } from '../native/load.ts'

/**
 * Sets how many loop threads the process runs; this wins over `DODICI_LOOP_THREADS`. Default: 2, or 1 on a single core.
 * Returns false and changes nothing if they already run: they start with the first request and stop with the last
 * Agent.
 */
export function setLoopThreads(count: number): boolean {
  if (!Number.isInteger(count) || count < 1) {
    throw new errors.InvalidArgumentError('loop threads must be a positive integer')
  }
  return loadBinding().setLoopThreads(count)
}
