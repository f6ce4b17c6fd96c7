import type { Dispatcher } from 'undici'
import type { Handler } from '../compat/handler.ts'
import { modernHandler } from '../compat/legacy-handler.ts'
import { UndiciAgent } from '../compat/undici.ts'
import { undiciSymbols } from '../compat/undici-symbols.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

type Pass = (opts: DispatchOptions, handler: Handler, to: unknown) => boolean

/**
 * The dispatchers that undici's MockAgent has put into an Agent, by origin, or by what matches origins. What they have
 * no answer for, and may be sent, goes on through the Agent, and not through the sockets of undici that they come with.
 */
export class MockClients extends Map<unknown, unknown> {
  readonly #pass: Pass
  readonly #callers = new WeakMap<Dispatcher, Dispatcher>()

  /** `pass` sends a request to an origin. */
  constructor(pass: Pass) {
    super()
    this.#pass = pass
  }

  override set(origin: unknown, value: unknown): this {
    const client = dispatcherIn(value)
    const { dispatch, url = '' } = undiciSymbols()
    if (dispatch !== undefined) {
      // On the object itself, in front of the method of its class that its own dispatch() ends in.
      Object.defineProperty(client, dispatch, {
        value: (opts: DispatchOptions, handler: Handler): boolean =>
          this.#pass(
            opts,
            modernHandler(handler, opts),
            (client as unknown as Record<symbol | string, unknown>)[url],
          ),
        configurable: true,
      })
    }
    return super.set(origin, value)
  }

  /** undefined: nothing is mocked for this origin. */
  find({ origin, allowH2 }: DispatchOptions): Dispatcher | undefined {
    const key = String(origin)
    const value = (allowH2 === false && this.get(`${key}#http1-only`)) || this.get(key)
    return value === undefined ? undefined : this.#callerOf(dispatcherIn(value))
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((client) => client.close()))
  }

  async destroy(reason: unknown): Promise<void> {
    await Promise.all(this.#all().map((client) => client.destroy(reason as Error)))
  }

  // undici 7's mocks know old handlers only; undici's own Agent has one of each kind where it is wanted.
  #callerOf(client: Dispatcher): Dispatcher {
    const caller = this.#callers.get(client) ?? new UndiciAgent({ factory: () => client })
    this.#callers.set(client, caller)
    return caller
  }

  #all(): Dispatcher[] {
    return [...this.values()].map(dispatcherIn)
  }
}

// undici 7 has { count, dispatcher } there.
function dispatcherIn(value: unknown): Dispatcher {
  return (value as { dispatcher?: Dispatcher }).dispatcher ?? (value as Dispatcher)
}
