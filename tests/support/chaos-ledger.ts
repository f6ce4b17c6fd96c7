/**
 * What a server that misbehaves has done with each request: which it has processed, which it has said that it has not, and
 * whether what the client was told agrees.
 */

/**
 * - `open`: the server has it, and may be processing it.
 * - `answered`: it was answered to the end.
 * - `refused`: the server has said that it has not processed it.
 * - `broken`: the server has broken the stream or its connection, and may have processed it.
 */
export type Fate = 'open' | 'answered' | 'refused' | 'broken'

export interface Attempt {
  readonly connection: number
  readonly stream: number
  fate: Fate
  /** What the server last did, in words. */
  last: string
  /** Refused by a GOAWAY with an error: the client need not try again. */
  mayGiveUp?: boolean
  status?: number
}

interface Entry {
  readonly method: string
  readonly attempts: Attempt[]
}

/** What the client says when it has ended with a request. */
export interface ClientOutcome {
  readonly id: number
  readonly kind: string
  readonly terminalCalls: number
  readonly status?: number | undefined
  readonly text: string
  readonly error?: string | undefined
  /** Of `performance.timeOrigin + performance.now()`. */
  readonly from: number
  readonly to: number
}

/** After so many refusals a client may give up: undici tries a refused stream once more (RFC 9113, 8.7). */
const kMostRefusals = 1

/** So long may the end of a connection lie there. */
const kUnreadMs = 250

export const wallClock = (): number => performance.timeOrigin + performance.now()

export class Ledger {
  readonly violations: string[] = []
  /** What the server did, and how often. */
  readonly done: Record<string, number> = {}
  /** What became of the requests, and how often. */
  readonly outcomes: Record<string, number> = {}
  readonly #entries = new Map<number, Entry>()
  /** When connections were cut without a GOAWAY, and when in order: what was on its way then never arrived. */
  readonly #cuts: number[] = []
  readonly #ends: number[] = []
  readonly #histories = new Map<number, string[]>()

  /** The server has done something; to a whole connection, when it says to which. */
  count(what: string, connection?: number): void {
    this.done[what] = (this.done[what] ?? 0) + 1
    if (connection !== undefined) this.tell(connection, what)
  }

  tell(connection: number, what: string): void {
    const history = this.#histories.get(connection) ?? []
    this.#histories.set(connection, [...history.slice(-7), what])
  }

  violate(what: string): void {
    this.violations.push(what)
  }

  cut(): void {
    this.#cuts.push(wallClock())
  }

  end(): void {
    this.#ends.push(wallClock())
  }

  /**
   * A request has arrived. A POST may come again only when each attempt before was refused; one that is refused already, as
   * it comes behind a GOAWAY, may come late.
   */
  arrive(
    id: number,
    method: string,
    connection: number,
    stream: number,
    isRefused: boolean,
  ): Attempt {
    const entry = this.#entries.get(id) ?? { method, attempts: [] }
    this.#entries.set(id, entry)
    const unrefused = entry.attempts.find(({ fate }) => fate !== 'refused')
    if (unrefused && method !== 'GET' && !isRefused) {
      this.violate(`${method} ${id} was sent again. ${this.diagnosis(id)}`)
    }
    const attempt: Attempt = { connection, stream, fate: 'open', last: 'arrived' }
    entry.attempts.push(attempt)
    return attempt
  }

  attemptsOf(id: number): number {
    return this.#entries.get(id)?.attempts.length ?? 0
  }

  /** Everything that the server did with a request. */
  diagnosis(id: number): string {
    const attempts = this.#entries.get(id)?.attempts ?? []
    const words = attempts.map(
      ({ connection, stream, fate, last }) =>
        `on connection ${connection} as stream ${stream}: ${fate}, ${last} (connection: ${this.#histories.get(connection)?.join(', ')})`,
    )
    return attempts.length === 0 ? 'It never arrived.' : words.join('; ')
  }

  /** Whether the client was told what it should have been. */
  settle(outcome: ClientOutcome): void {
    const { id, kind, terminalCalls, error } = outcome
    const what = `${kind} request ${id}`
    if (terminalCalls !== 1) {
      this.violate(
        `${what} ended ${terminalCalls} times, ${error ?? 'without error'}. ${this.diagnosis(id)}`,
      )
    } else if (error !== undefined) {
      this.#tally(`error: ${error}`)
      if (!this.#mayFail(outcome)) {
        this.violate(`${what} failed: ${error}. ${this.diagnosis(id)}`)
      }
    } else {
      this.#tally(`status ${outcome.status}`)
      if (!this.#isAnswer(outcome)) {
        const told = `${outcome.status} '${outcome.text.slice(0, 40)}'`
        this.violate(`${what} was answered ${told}. ${this.diagnosis(id)}`)
      }
    }
  }

  #tally(what: string): void {
    this.outcomes[what] = (this.outcomes[what] ?? 0) + 1
  }

  #mayFail({ id, kind, from, to }: ClientOutcome): boolean {
    const attempts = this.#entries.get(id)?.attempts ?? []
    const refusals = attempts.filter(({ fate }) => fate === 'refused').length
    if (attempts.some(({ fate, mayGiveUp }) => fate === 'broken' || mayGiveUp)) return true
    if (refusals > kMostRefusals) return true
    if (refusals < attempts.length) return false
    // A busy client sends a request on a connection whose end has come, and was not read yet.
    const during = (times: readonly number[]): boolean =>
      times.some((at) => at >= from - kUnreadMs && at <= to)
    // The body may be gone.
    if (kind === 'stream' && (refusals > 0 || during(this.#ends))) return true
    return during(this.#cuts)
  }

  #isAnswer({ id, status, text }: ClientOutcome): boolean {
    const attempts = this.#entries.get(id)?.attempts ?? []
    return attempts.some((attempt) => {
      if (attempt.fate === 'answered') return attempt.status === status && text === bodyFor(id)
      // A stream that is reset with NO_ERROR may pass for an answer of which the rest is missing.
      return attempt.fate === 'broken' && bodyFor(id).startsWith(text)
    })
  }
}

/** What the server answers request `id` with, whatever the status. */
export const bodyFor = (id: number): string => `answer ${id}.`.padEnd(20 + ((id * 7) % 200), '-')

export function note(attempt: Attempt, fate: Fate, last: string): void {
  attempt.fate = fate
  attempt.last = last
}
