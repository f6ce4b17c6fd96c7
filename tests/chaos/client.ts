/**
 * The client of the chaos tests. It runs in its own process, for its memory and descriptors, and reports its results.
 */
import { once } from 'node:events'
import type { Dispatcher } from 'undici'
import { readVitals } from '../soak/vitals.ts'
import type { Vitals } from '../soak/vitals.ts'
import { createAgent } from '../support/agents.ts'
import type { AgentKind, AgentOptions } from '../support/agents.ts'
import { wallClock } from '../support/chaos-ledger.ts'
import type { ClientOutcome } from '../support/chaos-ledger.ts'
import { Outcome } from '../support/load.ts'
import { random } from '../support/random.ts'

export interface Task {
  readonly kind: AgentKind
  readonly options: AgentOptions
  readonly origin: string
  readonly ca: string
  readonly seed: number
  readonly count: number
  readonly inFlight: number
  /** For one request. */
  readonly deadlineMs: number
}

export type Message =
  | { readonly outcomes: readonly ClientOutcome[] }
  | { readonly late: readonly number[] }
  | { readonly before: Vitals; readonly warm: Vitals; readonly after: Vitals }

const kBatch = 200

/** A tenth is as long as the first windows, or longer. */
function bodyOf(id: number, seed: number): { kind: string; method: string; body?: unknown } {
  const draws = random(seed, 3, id)
  const kind = draws.pick(['GET', 'GET', 'GET', 'buffer', 'string', 'stream'])
  if (kind === 'GET') return { kind, method: 'GET' }
  const length = draws.pick([0, 1, 500, 2000, 10_000, 20_000, 70_000, 200_000])
  const method = 'POST'
  if (kind === 'string') return { kind, method, body: 's'.repeat(length) }
  if (kind === 'buffer') return { kind, method, body: Buffer.alloc(length, 'b') }
  return { kind, method, body: inPieces(length, 1 + draws.below(5)) }
}

async function* inPieces(length: number, pieces: number): AsyncGenerator<Buffer> {
  for (let n = 0; n < pieces; n += 1) {
    yield Buffer.alloc(Math.ceil(length / pieces), 'p')
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

async function run(task: Task): Promise<void> {
  const { origin, seed, count, inFlight } = task
  const before = await readVitals()
  let warm = before
  const agent = await createAgent({ connect: { ca: task.ca }, ...task.options }, task.kind)
  let outcomes: ClientOutcome[] = []
  const tell = (): void => {
    process.send?.({ outcomes } satisfies Message)
    outcomes = []
  }
  const running = new Map<number, { outcome: Outcome; from: number; kind: string }>()
  const watch = setInterval(() => {
    const since = wallClock() - task.deadlineMs
    const late = [...running].filter(([, { from }]) => from < since).map(([id]) => id)
    if (late.length > 0) process.send?.({ late } satisfies Message)
  }, 500)

  const one = async (id: number): Promise<void> => {
    const { kind, ...rest } = bodyOf(id, seed)
    const ended = Promise.withResolvers<void>()
    const outcome = new Outcome(ended.resolve)
    const from = wallClock()
    running.set(id, { outcome, from, kind })
    agent.dispatch({ origin, path: `/${id}/`, ...rest } as Dispatcher.DispatchOptions, outcome)
    await ended.promise
    const to = wallClock()
    running.delete(id)
    // Time for calls that must not come.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    const { terminalCalls, status, text, error } = outcome
    const words = error && `${error.code ?? error.name} ${error.message}`
    outcomes.push({ id, kind, terminalCalls, status, text, error: words, from, to })
    if (outcomes.length === kBatch) tell()
  }

  let next = 0
  const worker = async (until: number): Promise<void> => {
    while (next < until) {
      next += 1
      await one(next)
    }
  }
  const phase = async (until: number): Promise<void> => {
    await Promise.all(Array.from({ length: inFlight }, () => worker(until)))
  }
  await phase(Math.ceil(count / 3))
  warm = await readVitals()
  await phase(count)
  tell()
  clearInterval(watch)
  await agent.close()
  process.send?.({ before, warm, after: await readVitals() } satisfies Message)
}

const [task] = (await once(process, 'message')) as [Task]
await run(task)
process.disconnect()
