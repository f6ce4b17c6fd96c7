/** Reads facts about other processes from Linux's proc(5); on other systems they are unknown. */
import { readFileSync } from 'node:fs'

/** The kernel reports hundredths of a second. */
const kMicrosPerTick = 10_000

export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? ''
  return text.split(' ').filter(Boolean).map(Number)
}

/** CPU time of all threads of these processes, user and system; NaN if one is unknown or there are none. */
export function cpuMicrosOf(pids: readonly number[]): number {
  if (pids.length === 0) return Number.NaN
  return pids.reduce((sum, pid) => sum + cpuTicksOf(pid), 0) * kMicrosPerTick
}

function cpuTicksOf(pid: number): number {
  // The second field is the name in parentheses, which may contain spaces; utime and stime are the 14th and 15th.
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
