import type { Dispatcher } from 'undici'
import type { AgentOptions } from '../options/agent-options.ts'
import type { Handler } from '../compat/handler.ts'
import type { Origins } from '../origins/origins.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

type Event = 'connect' | 'disconnect' | 'connectionError' | 'drain'
const events: readonly Event[] = ['connect', 'disconnect', 'connectionError', 'drain']

/** The dispatchers that an Agent's `factory` made, one for each origin, instead of the native client. */
export class FactoryDispatchers {
  readonly #make: (origin: string | URL) => Dispatcher
  readonly #origins: Origins
  readonly #emitter: Dispatcher
  readonly #byOrigin = new Map<string, Dispatcher>()

  constructor(
    factory: NonNullable<AgentOptions['factory']>,
    options: AgentOptions,
    origins: Origins,
    emitter: Dispatcher,
  ) {
    this.#make = (origin) => factory(origin, options)
    this.#origins = origins
    this.#emitter = emitter
  }

  dispatch(opts: DispatchOptions, handler: Handler): boolean {
    const origin = this.#origins.find(opts['origin'])
    this.#origins.register(origin)
    const { key } = origin
    const dispatcher = this.#byOrigin.get(key) ?? this.#add(key, opts['origin'] as string | URL)
    return dispatcher.dispatch(
      opts as unknown as Dispatcher.DispatchOptions,
      handler as Dispatcher.DispatchHandler,
    )
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byOrigin.values()].map((dispatcher) => dispatcher.close()))
  }

  async destroy(reason: Error): Promise<void> {
    await Promise.all([...this.#byOrigin.values()].map((dispatcher) => dispatcher.destroy(reason)))
  }

  /** Of each dispatcher that has some. */
  stats(): Record<string, unknown> {
    const all = [...this.#byOrigin].map(([key, dispatcher]) => [
      new URL(key).origin,
      (dispatcher as { stats?: unknown }).stats,
    ])
    return Object.fromEntries(all) as Record<string, unknown>
  }

  #add(key: string, origin: string | URL): Dispatcher {
    const dispatcher = this.#make(origin)
    this.#byOrigin.set(key, dispatcher)
    for (const event of events) {
      this.#forward(event, dispatcher)
    }
    return dispatcher
  }

  // As undici's Agent: the Agent comes first among the targets.
  #forward(event: Event, dispatcher: Dispatcher): void {
    const emitter = this.#emitter as Dispatcher & {
      emit(event: string, ...values: unknown[]): boolean
    }
    const listener = (origin: URL, targets?: readonly Dispatcher[], error?: Error): void => {
      const values = error === undefined ? [] : [error]
      emitter.emit(event, origin, [emitter, ...(targets ?? [])], ...values)
    }
    ;(dispatcher as { on?: (event: string, listener: unknown) => unknown }).on?.(event, listener)
  }
}
