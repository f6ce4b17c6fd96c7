/** What a run leaves for its readers: rows, and what they were measured on. */
import type { Row } from '../support/report.ts'

export interface Results {
  readonly machine: string
  readonly nginx: string
  readonly versions: { readonly undici: string; readonly dodici: string }
  readonly date: string
  readonly rows: readonly Row[]
}

/** A later run's rows take the place of the same scenarios' earlier ones, if they can stand side by side at all. */
export function merged(earlier: Results | undefined, later: Results): Results {
  if (!earlier || !isSameGround(earlier, later)) return later
  const again = new Set(later.rows.map(({ scenario }) => scenario))
  const kept = earlier.rows.filter(({ scenario }) => !again.has(scenario))
  return { ...later, rows: [...kept, ...later.rows] }
}

const isSameGround = (a: Results, b: Results): boolean =>
  a.machine === b.machine &&
  a.nginx === b.nginx &&
  a.versions.undici === b.versions.undici &&
  a.versions.dodici === b.versions.dodici
