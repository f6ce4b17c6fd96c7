import type { Dispatcher } from 'undici'
import type { Handler } from '../compat/handler.ts'
import { undiciSymbols, type UndiciSymbols } from '../compat/undici-symbols.ts'
import type { DispatchOptions } from '../request/request-checks.ts'
import { emit } from './emit.ts'
import type { Callback, DispatcherState } from './dispatcher-state.ts'
import type { OriginStats } from './origin-stats.ts'
import { followSignal } from './follow-signal.ts'

const events = ['connect', 'disconnect', 'connectionError', 'drain'] as const

type Listener = (origin: URL, targets?: readonly unknown[], error?: Error) => void

/**
 * The state of a dispatcher that lets one of undici's do its work, because an option asks for something that only
 * undici has, such as the clients that a `factory` makes. Events of the delegate are emitted by the owner.
 */
export class DelegateState implements DispatcherState {
  readonly #delegate: Dispatcher & { readonly closed?: boolean; readonly destroyed?: boolean }
  #stopListening: (() => void) | undefined

  constructor(delegate: Dispatcher, owner: Dispatcher, signal: AbortSignal | null | undefined) {
    this.#delegate = delegate
    for (const event of events) {
      forward(event, delegate, owner)
    }
    this.#stopListening = followSignal(signal, (reason) => this.destroy(reason, ignore))
  }

  get closed(): boolean {
    return this.#delegate.closed === true
  }

  get destroyed(): boolean {
    return this.#delegate.destroyed === true
  }

  dispatch(opts: DispatchOptions, handler: Handler, to: unknown): boolean {
    const { dispatcher: _checked, ...rest } = opts
    return this.#delegate.dispatch(
      { ...rest, origin: to } as unknown as Dispatcher.DispatchOptions,
      handler as Dispatcher.DispatchHandler,
    )
  }

  close(callback: Callback): void {
    this.#delegate.close(callback as () => void)
  }

  destroy(reason: unknown, callback: Callback): void {
    this.#stopListening?.()
    this.#delegate.destroy((reason ?? null) as Error | null, callback as () => void)
  }

  stats(): Record<string, OriginStats> {
    return this.#stats() as Record<string, OriginStats>
  }

  statsOf(): OriginStats {
    return this.#stats() as OriginStats
  }

  isBusy(): boolean {
    return Boolean(this.#read('busy'))
  }

  clients(): Map<unknown, unknown> {
    return this.#read('clients') as Map<unknown, unknown>
  }

  setPipelining(): void {
    // Only a Client has this setter, and a Client never has a `factory`.
  }

  #stats(): unknown {
    return (this.#delegate as { stats?: unknown }).stats
  }

  #read(name: keyof UndiciSymbols): unknown {
    const symbol = undiciSymbols()[name]
    return symbol && (this.#delegate as unknown as Record<symbol, unknown>)[symbol]
  }
}

// The owner takes the delegate's place as the first of the event's targets.
function forward(event: string, delegate: Dispatcher, owner: Dispatcher): void {
  const listener: Listener = (origin, targets = [], error) => {
    emit(owner, event, () => [
      origin,
      [owner, ...targets.slice(1)],
      ...(error === undefined ? [] : [error]),
    ])
  }
  ;(delegate.on as (event: string, listener: Listener) => unknown).call(delegate, event, listener)
}

function ignore(): void {}
