/** What a server that is a program says of the requests that it has processed. */
import { readFileSync } from 'node:fs'

/** One request that it has done with. */
export interface Processed {
  /** Tells its TCP connection from others. */
  readonly connection: string
  readonly path: string
  readonly status: number
}

export interface RealServer {
  /** TCP connections that it has ever accepted, without those of the test's own questions. */
  accepted(): Promise<number>
  /** What it logged since the last call. Waits until no connection is open, so call it when the agent is closed. */
  newLines(): Promise<Processed[]>
}

/** Reads on where it stopped the last time. */
export function tail(file: string): () => string[] {
  let read = 0
  return () => {
    const all = readFileSync(file)
    const fresh = all.subarray(read).toString('latin1')
    read = all.length
    return fresh.split('\n').filter(Boolean)
  }
}
