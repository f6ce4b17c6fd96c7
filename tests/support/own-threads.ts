/** The threads of ours in this process. */
import { readdirSync, readFileSync } from 'node:fs'

/** How many there are: of loops and of downloads. */
export function ownThreads(): number {
  return readdirSync('/proc/self/task').filter((id) => nameOf(id).startsWith('dodici')).length
}

function nameOf(id: string): string {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, 'utf8')
  } catch {
    return '' // it has ended
  }
}
