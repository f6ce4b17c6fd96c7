import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'

/** What COMPATIBILITY.md says is otherwise than in undici, as a situation in which it shows. */
export interface Difference {
  /** words of its row or bullet, as they stand there */
  readonly row: string
  /** where a row has several statements, or counts in both protocols: which one this is */
  readonly name: string
  readonly play: (stage: Stage) => Promise<Normal> | Normal
  readonly undici: Normal
  readonly dodici: Normal
}
