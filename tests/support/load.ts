/**
 * Sends many requests with ids, a given number at a time, and finds out which were answered and which were lost.
 *
 * `path(id)` identifies a request; the body of its response must begin with it.
 */
import { setTimeout as after } from 'node:timers/promises'
import type { Dispatcher } from 'undici'

export const bodyKinds = ['none', 'buffer', 'string', 'stream'] as const
export type BodyKind = (typeof bodyKinds)[number]

export interface Load {
  readonly origin: string
  readonly count: number
  readonly inFlight: number
  readonly path: (id: number) => string
  /** The body of request `id`: `none` is a GET, the others are POST. Default: all kinds in turn. */
  readonly kind?: (id: number) => BodyKind
  /** Deadline for the whole load; requests that have not ended by then count as lost. */
  readonly deadlineMs?: number
  /** Milliseconds to wait before request `id` begins, for the connections to be idle. Default: 0. */
  readonly pauseBefore?: (id: number) => number
  /** Called when a request has ended. */
  readonly onEnd?: (ended: number) => void
}

export interface LoadResult {
  readonly answered: number
  /** Why the others failed, such as "POST stream: UND_ERR_SOCKET other side closed", and how often. */
  readonly lost: Readonly<Record<string, number>>
  /** Responses that belonged to another request, were not 200, or came after the request had ended. */
  readonly wrong: readonly string[]
  readonly ms: number
}

/** A handler that needs little memory, as a load may have a hundred thousand. */
export class Outcome {
  terminalCalls = 0
  status: number | undefined
  text = ''
  error: (Error & { code?: string }) | undefined
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    this.status = status
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.text += chunk.toString('latin1')
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.error = error
    this.#end()
  }

  #end(): void {
    this.terminalCalls += 1
    if (this.terminalCalls === 1) this.#onEnd()
  }
}

export const payloadOf = (id: number): string => `${id}:`.padEnd(20 + (id % 7) * 300, 'x')

export function optionsOf(kind: BodyKind, id: number): { method: string; body?: unknown } {
  if (kind === 'none') return { method: 'GET' }
  const payload = payloadOf(id)
  if (kind === 'string') return { method: 'POST', body: payload }
  if (kind === 'buffer') return { method: 'POST', body: Buffer.from(payload) }
  return { method: 'POST', body: inPieces(payload) }
}

async function* inPieces(payload: string): AsyncGenerator<Buffer> {
  const half = payload.length >> 1
  yield Buffer.from(payload.slice(0, half))
  yield Buffer.from(payload.slice(half))
}

export async function runLoad(agent: Dispatcher, load: Load): Promise<LoadResult> {
  const { count, deadlineMs = 20_000 } = load
  const kindOf = load.kind ?? ((id: number) => bodyKinds[id % bodyKinds.length] as BodyKind)
  const outcomes: Outcome[] = []
  const all = Promise.withResolvers<void>()
  const start = performance.now()
  let isOver = false
  let ended = 0
  const next = (): void => {
    if (isOver || outcomes.length === count) return
    const id = outcomes.length
    const outcome = new Outcome(() => {
      ended += 1
      load.onEnd?.(ended)
      if (ended === count) all.resolve()
      // In a turn of its own, because otherwise a request that fails at once would start the next inside its last call.
      const pause = load.pauseBefore?.(outcomes.length) ?? 0
      if (pause > 0) setTimeout(next, pause)
      else setImmediate(next)
    })
    outcomes.push(outcome)
    const options = { origin: load.origin, path: load.path(id), ...optionsOf(kindOf(id), id) }
    agent.dispatch(options as Dispatcher.DispatchOptions, outcome)
  }
  for (let n = 0; n < load.inFlight; n += 1) next()
  await Promise.race([all.promise, after(deadlineMs, undefined, { ref: false })])
  isOver = true
  // Time for calls that must not come.
  await after(1)
  const result = sumUp(outcomes, load, kindOf)
  return { ...result, ms: Math.round(performance.now() - start) }
}

function sumUp(
  outcomes: readonly Outcome[],
  load: Load,
  kindOf: (id: number) => BodyKind,
): Omit<LoadResult, 'ms'> {
  const lost: Record<string, number> = {}
  const wrong: string[] = []
  let answered = 0
  const lose = (id: number, why: string): void => {
    const kind = kindOf(id)
    const key = `${kind === 'none' ? 'GET' : `POST ${kind}`}: ${why}`
    lost[key] = (lost[key] ?? 0) + 1
  }
  for (const [id, { terminalCalls, status, text, error }] of outcomes.entries()) {
    if (terminalCalls > 1) wrong.push(`${load.path(id)} ended ${terminalCalls} times`)
    if (terminalCalls === 0) lose(id, 'did not end')
    else if (error) lose(id, `${error.code ?? error.name} ${error.message}`)
    else if (status !== 200 || !answers(text, load.path(id))) {
      wrong.push(`${load.path(id)} was answered ${status} ${text.slice(0, 60)}`)
    } else answered += 1
  }
  const unbegun = load.count - outcomes.length
  if (unbegun > 0) lost['not begun'] = unbegun
  return { answered, lost, wrong }
}

const answers = (text: string, path: string): boolean =>
  text.startsWith(path) && !/\d/.test(text.charAt(path.length))

export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)
