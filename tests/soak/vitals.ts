/** What must stay flat: memory, descriptors, threads. */
import { readdirSync } from 'node:fs'

export interface Vitals {
  readonly rss: number
  readonly heap: number
  readonly descriptors: number
  readonly threads: number
}

const collect = globalThis.gc as (() => void) | undefined

/** Twice, with a turn of the event loop between: finalizers run after the first. */
export async function readVitals(): Promise<Vitals> {
  if (collect === undefined) throw new Error('needs node --expose-gc')
  for (let round = 0; round < 2; round += 1) {
    collect()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  const { rss, heapUsed } = process.memoryUsage()
  return {
    rss,
    heap: heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  }
}

// The pools of the allocator and of V8 grow by some 100 MB during the first two million requests. A leak of 20 bytes
// per request shows after ten minutes, one of 200 bytes after one.
const kMostRssGrowth = 96e6
const kMostHeapGrowth = 6e6

/** Describes what has grown; empty if all is well. */
export function growth(before: Vitals, after: Vitals): string[] {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  const found: string[] = []
  if (after.rss - before.rss > kMostRssGrowth) {
    found.push(`resident memory: ${megabytes(before.rss)} to ${megabytes(after.rss)}`)
  }
  if (after.heap - before.heap > kMostHeapGrowth) {
    found.push(`JavaScript heap: ${megabytes(before.heap)} to ${megabytes(after.heap)}`)
  }
  if (after.descriptors > before.descriptors) {
    found.push(`descriptors: ${before.descriptors} to ${after.descriptors}`)
  }
  if (after.threads > before.threads) {
    found.push(`threads: ${before.threads} to ${after.threads}`)
  }
  return found
}
