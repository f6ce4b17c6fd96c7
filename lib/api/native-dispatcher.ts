import { constants } from 'node:buffer'
import { request } from '../answer/request.ts'
import { leavesDispatcher } from '../compat/undici-exports.ts'
import { Dispatcher, errors } from '../compat/undici.ts'
import {
  resolveOptions,
  type AgentOptions,
  type ResolvedOptions,
} from '../options/agent-options.ts'
import { AgentState } from './agent-state.ts'
import { DelegateState } from './delegate-state.ts'
import type { Callback, DispatcherState } from './dispatcher-state.ts'
import type { Tenants } from './tenants.ts'
import type { Handler } from '../compat/handler.ts'
import { dispatchModern, modernHandler, refuse } from '../compat/legacy-handler.ts'
import type { DispatchOptions } from '../request/request-checks.ts'

const { InvalidArgumentError } = errors

/**
 * The base of Agent, Pool and Client: a dispatcher whose connections, protocols and TLS are libcurl's and run on
 * threads of their own. The constructor checks the options; undici finds most faults at the first dispatch.
 *
 * Events: `connect`, `disconnect`, `connectionError` and `drain`, as undici's. Their targets are `[dispatcher]`.
 */
export abstract class NativeDispatcher extends Dispatcher {
  // No #private: undici's compose() runs these methods on a Proxy of the dispatcher.
  protected readonly state: DispatcherState
  // The other options are not kept: dispatchers get logged, and these contain keys and passwords.
  private readonly webSocket: AgentOptions['webSocket']
  private readonly eventSource: AgentOptions['eventSource']
  /** The origin that all requests go to; undefined if each request names its own. */
  protected readonly fixedOrigin: string | undefined

  /** `delegate` makes the dispatcher of undici's that does the work instead of native clients. */
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
   * Sends a request and calls `handler` with what follows. Takes the handlers of undici 8, and the legacy ones of
   * undici 6 and 7, which Node's own fetch uses. Returns false if all connections of the origin are busy: the request
   * waits, and a `drain` event follows.
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

  /**
   * undici's `request()` over this dispatcher, with undici's options. Returns a promise if there is no `callback`.
   * Errors reject the promise or go to the callback. Throws if `callback` is not a function.
   */
  override request<Opaque = null>(
    options: Dispatcher.RequestOptions<Opaque>,
    callback: (error: Error | null, data: Dispatcher.ResponseData<Opaque>) => void,
  ): void
  override request<Opaque = null>(
    options: Dispatcher.RequestOptions<Opaque>,
  ): Promise<Dispatcher.ResponseData<Opaque>>
  override request(options: unknown, callback?: unknown): never {
    return request.call(this, options, callback) as never
  }

  /** Refuses new requests, lets the others end, then closes the connections. */
  override close(callback: () => void): void
  override close(): Promise<void>
  override close(callback?: Callback): Promise<void> | void {
    if (callback === undefined) {
      return promised((settle) => this.state.close(settle))
    }
    checkCallback(callback)
    this.state.close(callback)
  }

  /** Fails all requests with `error` or undici's ClientDestroyedError, and closes the connections. */
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

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.state.closed
  }

  /** Whether `destroy()` was called, the `signal` was aborted or `close()` has finished. */
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

  /** The same as `close()`, for `await using`. undici does not have it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * As undici's. Interceptors only see modern handlers, whoever made the request: those of undici 8 know no others,
   * while undici 7's functions and Node's own fetch pass legacy ones.
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
      dispatchModern(this.withOrigin(options), handler, inner, (value) => this.isItself(value))
    return new Proxy(composed, {
      get: (target, key) => (key === 'dispatch' ? dispatch : Reflect.get(target, key)),
    })
  }

  /** Whether `value` is this dispatcher, or a Proxy that compose() made of it. */
  private isItself(value: unknown): boolean {
    return (value as { state?: unknown } | undefined)?.state === this.state
  }

  // Interceptors read the origin, so the options must have it.
  private withOrigin(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    return this.fixedOrigin === undefined || options?.origin
      ? options
      : { ...options, origin: this.fixedOrigin }
  }

  private dispatchChecked(options: DispatchOptions, given: object): boolean {
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('opts must be an object.')
    }
    const handler = modernHandler(given, options)
    // undici 7's functions, which pass legacy handlers, leave `dispatcher` in the options. So does our request() with undici 7.
    const { dispatcher } = options
    const isRefused = dispatcher && handler === given && !leavesDispatcher
    if (isRefused && !this.isItself(dispatcher)) {
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

/** Whether native receives the dispatcher's requests directly: no interceptor and no method of a user's sees them. */
export function reachesNative(dispatcher: Dispatcher): boolean {
  // The Proxy that compose() makes has another dispatch(), and so may a subclass.
  return (
    dispatcher instanceof NativeDispatcher &&
    directDispatches.has(dispatcher.dispatch) &&
    dispatcher['state'] instanceof AgentState
  )
}

/** A dispatcher whose requests native receives directly. */
export interface NativeHost {
  readonly options: ResolvedOptions
  /** the origin that all its requests go to */
  readonly fixedOrigin: string | undefined
  readonly tenants: Tenants
}

/** Returns undefined for other dispatchers. */
export function nativeHost(dispatcher: Dispatcher): NativeHost | undefined {
  if (!reachesNative(dispatcher)) {
    return undefined
  }
  const { state, fixedOrigin } = dispatcher as unknown as {
    state: AgentState
    fixedOrigin: string | undefined
  }
  return { options: state.resolvedOptions(), fixedOrigin, tenants: state.tenants }
}

/** The dispatch() methods of our own classes. */
export const directDispatches: Set<unknown> = new Set([NativeDispatcher.prototype.dispatch])

function promised(start: (settle: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // undici's promise resolves to null, although its type says void.
    start((error, data) => (error ? reject(error) : resolve(data as unknown as undefined)))
  })
}

function checkCallback(callback: unknown): void {
  if (typeof callback !== 'function') {
    throw new InvalidArgumentError('invalid callback')
  }
}
