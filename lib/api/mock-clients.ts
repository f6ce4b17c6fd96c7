import type { Dispatcher } from 'undici'
import type { Handler } from '../compat/handler.ts'
import { modernHandler } from '../compat/legacy-handler.ts'
import { UndiciAgent } from '../compat/undici.ts'
import { undiciSymbols } from '../compat/undici-symbols.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

type Pass = (opts: DispatchOptions, handler: Handler, to: unknown) => boolean

/**
 * The dispatchers that undici's MockAgent has put into an Agent, by origin or by what matches origins. A request that
 * they have no answer for, and that may be sent, goes through the Agent instead of their own undici sockets.
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
      // Hides the method of the class, which the mock's dispatch() calls for a request that it lets through.
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

  /** Returns undefined if nothing is mocked for this origin. */
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

  // undici 7's mocks only know legacy handlers. undici's own Agent adapts the handler to them.
  #callerOf(client: Dispatcher): Dispatcher {
    const caller = this.#callers.get(client) ?? new UndiciAgent({ factory: () => client })
    this.#callers.set(client, caller)
    return caller
  }

  #all(): Dispatcher[] {
    return [...this.values()].map(dispatcherIn)
  }
}

// In undici 7 the value is { count, dispatcher }.
function dispatcherIn(value: unknown): Dispatcher {
  return (value as { dispatcher?: Dispatcher }).dispatcher ?? (value as Dispatcher)
}
