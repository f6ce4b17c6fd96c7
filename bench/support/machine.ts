import { cpus } from 'node:os'

/** Describes briefly what the figures were measured on. */
export function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, Node ${process.version}`
}
