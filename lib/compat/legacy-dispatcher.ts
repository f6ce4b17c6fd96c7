import type { Dispatcher as DispatcherType } from 'undici'
import { isLegacy, LegacyHandler } from './legacy-handler.ts'
import { Dispatcher } from './undici.ts'

/** Lets callers with legacy handlers use a dispatcher that expects modern ones. */
export class LegacyDispatcher extends Dispatcher {
  readonly #inner: DispatcherType

  constructor(inner: DispatcherType) {
    super()
    this.#inner = inner
  }

  override dispatch(
    options: DispatcherType.DispatchOptions,
    handler: DispatcherType.DispatchHandler,
  ): boolean {
    const isUpgrade = Boolean(options.upgrade) || options.method === 'CONNECT'
    const modern = isLegacy(handler) ? new LegacyHandler(handler, isUpgrade) : handler
    return this.#inner.dispatch(options, modern as DispatcherType.DispatchHandler)
  }

  /** undici 7's WebSocket reads this property of its dispatcher. */
  get webSocketOptions(): unknown {
    return (this.#inner as { webSocketOptions?: unknown }).webSocketOptions
  }

  /** undici 7's EventSource reads this property of its dispatcher. */
  get eventSourceOptions(): unknown {
    return (this.#inner as { eventSourceOptions?: unknown }).eventSourceOptions
  }

  override close(...args: unknown[]): Promise<void> {
    return this.#inner.close(...(args as []))
  }

  override destroy(...args: unknown[]): Promise<void> {
    return this.#inner.destroy(...(args as []))
  }
}
