/** The child's side of child.ts: builds the closure again and runs it. */
import { writeSync } from 'node:fs'
import { isMainThread, parentPort } from 'node:worker_threads'
import { agentConstructor, createAgent } from './agents.ts'
import type { AgentOptions, TestAgent } from './agents.ts'
import { ownThreads } from './own-threads.ts'
import { dispatch, exchange, Recorder } from './recorder.ts'
import { turns, until, waitFor, within } from './wait.ts'

const kit = {
  createAgent: (options?: AgentOptions): Promise<TestAgent> => createAgent(options),
  agentConstructor,
  Recorder,
  dispatch,
  exchange,
  until,
  within,
  waitFor,
  turns,
  load: (name: string): Promise<Record<string, never>> =>
    import(name) as Promise<Record<string, never>>,
  /** Tells the parent. It is written before this returns, so process.exit() loses nothing. */
  say: (value: unknown): void => {
    if (isMainThread) writeSync(1, `@${JSON.stringify(value)}\n`)
    else parentPort?.postMessage(value)
  },
  /** How many of our loop threads run in this process. */
  loopThreads: ownThreads,
  /** The heap in use after garbage collection. The process must be started with --expose-gc. */
  heapUsed: async (): Promise<number> => {
    for (let i = 0; i < 3; i += 1) {
      await turns(3)
      globalThis.gc?.()
    }
    return process.memoryUsage().heapUsed
  },
  rss: (): number => process.memoryUsage.rss(),
  /** Blocks the event loop for this long. */
  blockThread: (ms: number): void => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  },
}

export type ChildKit = typeof kit

const { source, data } = JSON.parse(process.env['DODICI_CHILD'] ?? '{}') as {
  source: string
  data: unknown
}
// Indirect eval, so that the closure sees only globals.
const body = (0, eval)(`(${source})`) as (kit: ChildKit, data: unknown) => unknown
await body(kit, data)
