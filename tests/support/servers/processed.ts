/** What an external server reports about the requests that it has processed. */
import { readFileSync } from 'node:fs'

/** One processed request. */
export interface Processed {
  /** Identifies its TCP connection. */
  readonly connection: string
  readonly path: string
  readonly status: number
}

export interface RealServer {
  /** The number of TCP connections that it has accepted, without those of the test's own queries. */
  accepted(): Promise<number>
  /** The log lines since the last call. Waits until no connection is open, so call it after closing the agent. */
  newLines(): Promise<Processed[]>
}

/** Returns a function that reads on from where it stopped the last time. */
export function tail(file: string): () => string[] {
  let read = 0
  return () => {
    const all = readFileSync(file)
    const fresh = all.subarray(read).toString('latin1')
    read = all.length
    return fresh.split('\n').filter(Boolean)
  }
}
