import { constants } from 'node:buffer'
import { Dispatcher, errors } from '../compat/undici.ts'
import { resolveOptions, type AgentOptions } from '../options/agent-options.ts'
import { AgentState } from './agent-state.ts'
import { DelegateState } from './delegate-state.ts'
import type { Callback, DispatcherState } from './dispatcher-state.ts'
import type { Handler } from '../compat/handler.ts'
import { dispatchModern, modernHandler, refuse } from '../compat/legacy-handler.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

const { InvalidArgumentError } = errors

/**
 * What Agent, Pool and Client are: a dispatcher whose connections, protocols and TLS are libcurl's, on threads of their
 * own. Options are checked here, in the constructor; undici finds most faults at the first dispatch.
 *
 * Events: `connect`, `disconnect`, `connectionError` and `drain`, as undici's; targets are `[dispatcher]`.
 */
export abstract class NativeDispatcher extends Dispatcher {
  // No #private: undici's compose() runs these methods on a Proxy of the dispatcher.
  protected readonly state: DispatcherState
  // No more of the options: with its keys and passwords a dispatcher would be a secret itself, and they are logged.
  private readonly webSocket: AgentOptions['webSocket']
  private readonly eventSource: AgentOptions['eventSource']
  /** Where all requests go, whatever their `origin` says; undefined: where that says. */
  protected readonly fixedOrigin: string | undefined

  /** `delegate` makes a dispatcher of undici's that is to do the work, instead of native clients. */
  protected constructor(
    options: AgentOptions,
    fixedOrigin?: string,
    delegate?: (() => Dispatcher) | null,
  ) {
    super()
    this.webSocket = options.webSocket
    this.eventSource = options.eventSource
    this.fixedOrigin = fixedOrigin
    this.state = delegate
      ? new DelegateState(delegate(), this, options.signal)
      : new AgentState(this, options, resolveOptions(options))
  }

  /**
   * Sends a request; everything that follows is told to `handler`. Takes undici 8's handlers and those of undici 6 and
   * 7, which Node's own fetch uses. Returns false when the origin's connections are all busy: the request waits, and a
   * `drain` event follows.
   */
  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (typeof handler !== 'object' || handler === null) {
      throw new InvalidArgumentError('handler must be an object')
    }
    try {
      return this.dispatchChecked(options as unknown as DispatchOptions, handler)
    } catch (error) {
      return refuse(handler as Partial<Handler>, error)
    }
  }

  /** Refuses new requests, lets all others end, then frees the connections. */
  override close(callback: () => void): void
  override close(): Promise<void>
  override close(callback?: Callback): Promise<void> | void {
    if (callback === undefined) {
      return promised((settle) => this.state.close(settle))
    }
    checkCallback(callback)
    this.state.close(callback)
  }

  /** Fails all requests, with `error` or undici's ClientDestroyedError, and closes the connections. */
  override destroy(error: Error | null, callback: () => void): void
  override destroy(callback: () => void): void
  override destroy(error?: Error | null): Promise<void>
  override destroy(error?: Error | Callback | null, callback?: Callback): Promise<void> | void {
    if (typeof error === 'function') {
      return this.destroy(null, error as () => void)
    }
    if (callback === undefined) {
      return promised((settle) => this.state.destroy(error, settle))
    }
    checkCallback(callback)
    this.state.destroy(error, callback)
  }

  /** `close()` was called. */
  get closed(): boolean {
    return this.state.closed
  }

  /** `destroy()` was called, or the `signal` aborted, or `close()` is done. */
  get destroyed(): boolean {
    return this.state.destroyed
  }

  /** Limits that undici's WebSocket reads. */
  get webSocketOptions(): { maxFragments: number; maxPayloadSize: number } {
    const { maxFragments = 131_072, maxPayloadSize = 134_217_728 } = this.webSocket ?? {}
    return { maxFragments, maxPayloadSize }
  }

  /** Limits that undici's EventSource reads. */
  get eventSourceOptions(): { maxEventSize: number } {
    return { maxEventSize: this.eventSource?.maxEventSize ?? constants.MAX_STRING_LENGTH }
  }

  /** `close()`, for `await using`. Not in undici. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * As undici's. Interceptors see new handlers only, whoever made the request: those of undici 8 know no others, and
   * undici 7's functions and Node's own fetch bring old ones.
   */
  override compose(
    interceptors: Dispatcher.DispatcherComposeInterceptor[],
  ): Dispatcher.ComposedDispatcher
  override compose(
    ...interceptors: Dispatcher.DispatcherComposeInterceptor[]
  ): Dispatcher.ComposedDispatcher
  override compose(
    ...args: (Dispatcher.DispatcherComposeInterceptor | Dispatcher.DispatcherComposeInterceptor[])[]
  ): Dispatcher.ComposedDispatcher {
    const composed = super.compose(...(args as Dispatcher.DispatcherComposeInterceptor[]))
    const { dispatch: inner } = composed
    const dispatch = (options: Dispatcher.DispatchOptions, handler: object): boolean =>
      dispatchModern(this.located(options), handler, inner, (value) => this.isItself(value))
    return new Proxy(composed, {
      get: (target, key) => (key === 'dispatch' ? dispatch : Reflect.get(target, key)),
    })
  }

  /** Whether `value` is this dispatcher, or a Proxy that compose() made of it. */
  private isItself(value: unknown): boolean {
    return (value as { state?: unknown } | undefined)?.state === this.state
  }

  // Interceptors look where a request goes.
  private located(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    return this.fixedOrigin === undefined || options?.origin
      ? options
      : { ...options, origin: this.fixedOrigin }
  }

  private dispatchChecked(options: DispatchOptions, given: object): boolean {
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('opts must be an object.')
    }
    const handler = modernHandler(given, options)
    // undici 7's own functions, whose handlers are legacy ones, leave the dispatcher in the options.
    const { dispatcher } = options
    if (dispatcher && handler === given && !this.isItself(dispatcher)) {
      throw new InvalidArgumentError(
        'opts.dispatcher is not supported by instance methods. Pass opts.dispatcher to the top-level undici functions or call the dispatcher instance method directly.',
      )
    }
    if (this.state.destroyed) {
      throw new errors.ClientDestroyedError()
    }
    if (this.state.closed) {
      throw new errors.ClientClosedError()
    }
    return this.state.dispatch(options, handler, this.fixedOrigin ?? options['origin'])
  }
}

function promised(start: (settle: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // undici's promise gives null, whatever its type says.
    start((error, data) => (error ? reject(error) : resolve(data as unknown as undefined)))
  })
}

function checkCallback(callback: unknown): void {
  if (typeof callback !== 'function') {
    throw new InvalidArgumentError('invalid callback')
  }
}
