/** What Linux tells of other processes (proc(5)); elsewhere nothing is known of them. */
import { readFileSync } from 'node:fs'

/** The kernel counts in hundredths of a second, whatever its own clock does. */
const kMicrosPerTick = 10_000

export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? ''
  return text.split(' ').filter(Boolean).map(Number)
}

/** CPU time of all threads of these processes, user and system; not a number when it is not known of one, or there is none. */
export function cpuMicrosOf(pids: readonly number[]): number {
  if (pids.length === 0) return Number.NaN
  return pids.reduce((sum, pid) => sum + cpuTicksOf(pid), 0) * kMicrosPerTick
}

function cpuTicksOf(pid: number): number {
  // The second field is the name in parentheses, which may have spaces in it; utime and stime are the 14th and 15th.
  const fields = (read(`/proc/${pid}/stat`) ?? '').replace(/^.*\)/s, '').split(' ')
  return Number(fields[12] ?? Number.NaN) + Number(fields[13] ?? Number.NaN)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
