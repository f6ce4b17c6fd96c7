/** The saved results of a run: its rows, and what they were measured on. */
import type { Row } from '../support/report.ts'

export interface Results {
  readonly machine: string
  readonly nginx: string
  readonly versions: { readonly undici: string; readonly dodici: string }
  readonly date: string
  readonly rows: readonly Row[]
}

/** Replaces rows of the same scenarios by those of a later run, if the two runs are comparable. */
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
