/**
 * Records what a misbehaving server has done with each request: whether it has processed it, whether it has said that
 * it did not, and whether the client's result agrees.
 */

/**
 * - `open`: the server has the request, and may be processing it.
 * - `answered`: the response was completed.
 * - `refused`: the server has said that it has not processed the request.
 * - `broken`: the server has broken the stream or its connection, and may have processed the request.
 */
export type Fate = 'open' | 'answered' | 'refused' | 'broken'

export interface Attempt {
  readonly connection: number
  readonly stream: number
  fate: Fate
  /** The server's last action, in words. */
  last: string
  /** Whether it was refused by a GOAWAY with an error, so that the client need not try again. */
  mayGiveUp?: boolean
  status?: number
}

interface Entry {
  readonly method: string
  readonly attempts: Attempt[]
}

/** The client's result of a request. */
export interface ClientOutcome {
  readonly id: number
  readonly kind: string
  readonly terminalCalls: number
  readonly status?: number | undefined
  readonly text: string
  readonly error?: string | undefined
  /** Times are `performance.timeOrigin + performance.now()`. */
  readonly from: number
  readonly to: number
}

/** After more refusals a client may give up: undici tries a refused stream once more (RFC 9113, 8.7). */
const kMostRefusals = 1

/** How long the end of a connection may stay unread. */
const kUnreadMs = 250

export const wallClock = (): number => performance.timeOrigin + performance.now()

export class Ledger {
  readonly violations: string[] = []
  /** The server's actions, and how often it did each. */
  readonly done: Record<string, number> = {}
  /** The results of the requests, and how often each came. */
  readonly outcomes: Record<string, number> = {}
  readonly #entries = new Map<number, Entry>()
  /** When connections ended without a GOAWAY, and when with one: requests on their way were lost then. */
  readonly #cuts: number[] = []
  readonly #ends: number[] = []
  readonly #histories = new Map<number, string[]>()

  /** Counts an action of the server; `connection` is given if it affected a whole connection. */
  count(what: string, connection?: number): void {
    this.done[what] = (this.done[what] ?? 0) + 1
    if (connection !== undefined) this.tell(connection, what)
  }

  tell(connection: number, what: string): void {
    const history = this.#histories.get(connection) ?? []
    this.#histories.set(connection, [...history.slice(-15), what])
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
   * A request has arrived. A POST may come again only if each earlier attempt was refused. An attempt that a GOAWAY has
   * already refused may come late.
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

  /** Describes everything that the server did with a request. */
  diagnosis(id: number): string {
    const attempts = this.#entries.get(id)?.attempts ?? []
    const words = attempts.map(
      ({ connection, stream, fate, last }) =>
        `on connection ${connection} as stream ${stream}: ${fate}, ${last} (connection: ${this.#histories.get(connection)?.join(', ')})`,
    )
    return attempts.length === 0
      ? `It never arrived. Open: ${this.#openConnections()}`
      : words.join('; ')
  }

  #openConnections(): string {
    const open = [...this.#histories].filter(([, history]) => history.at(-1) !== 'closed')
    const words = open.map(
      ([connection, history]) => `connection ${connection}: ${history.join(', ')}`,
    )
    return words.join('; ') || 'no connection'
  }

  /** Checks that the client got the right result. */
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
    // A busy client may send a request on a connection whose end it has not read yet.
    const during = (times: readonly number[]): boolean =>
      times.some((at) => at >= from - kUnreadMs && at <= to)
    // The body may not be available again.
    if (kind === 'stream' && (refusals > 0 || during(this.#ends))) return true
    return during(this.#cuts)
  }

  #isAnswer({ id, status, text }: ClientOutcome): boolean {
    const attempts = this.#entries.get(id)?.attempts ?? []
    return attempts.some((attempt) => {
      if (attempt.fate === 'answered') return attempt.status === status && text === bodyFor(id)
      // A stream that is reset with NO_ERROR may count as a complete response, although the rest is missing.
      return attempt.fate === 'broken' && bodyFor(id).startsWith(text)
    })
  }
}

/** The body of the response to request `id`, with any status. */
export const bodyFor = (id: number): string => `answer ${id}.`.padEnd(20 + ((id * 7) % 200), '-')

export function note(attempt: Attempt, fate: Fate, last: string): void {
  attempt.fate = fate
  attempt.last = last
}
