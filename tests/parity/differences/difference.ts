import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'

/** A difference in COMPATIBILITY.md, as a situation that shows it. */
export interface Difference {
  /** words of its row or bullet in COMPATIBILITY.md */
  readonly row: string
  /** which statement or protocol this is, if the row has several */
  readonly name: string
  readonly play: (stage: Stage) => Promise<Normal> | Normal
  readonly undici: Normal
  readonly dodici: Normal
}
