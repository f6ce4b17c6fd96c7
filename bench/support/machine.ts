import { cpus } from 'node:os'

/** What the figures were measured on, in a few words. */
export function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, Node ${process.version}`
}
