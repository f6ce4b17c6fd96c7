import type { Dispatcher } from 'undici'
import type { AgentOptions, ResolvedOptions } from '../options/agent-options.ts'
import { loadBinding } from '../native/load.ts'
import type { Handler } from '../compat/handler.ts'
import { publishConnected } from '../diagnostics/observed-connections.ts'
import { Origins, type Origin } from '../origins/origins.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { TableOwner } from '../flight/request-table.ts'
import type { DispatchOptions } from '../request/request-checks.ts'
import { RequestEngine } from '../dispatch/request-engine.ts'
import { FactoryDispatchers } from './factory-dispatchers.ts'
import { disconnectError, endsQuietly, errors, isConnectionError } from '../errors/errors.ts'
import { NativeClients } from '../flight/native-clients.ts'
import { throwLater } from '../errors/throw-later.ts'

export type Callback = (error: Error | null, data: null) => void

/** Of one origin, at the moment of asking. */
export interface OriginStats {
  /** connections */
  connected: number
  /** connections without a request */
  free: number
  /** requests that wait for a connection */
  pending: number
  queued: number
  /** requests that have one */
  running: number
  /** all requests */
  size: number
}

/**
 * What an Agent is made of: the owner of its origins and native clients, of "closed" and "destroyed", and the source
 * of its events. Apart from the Agent, as methods of that run on undici's Proxy too.
 */
export class AgentState implements TableOwner {
  closed = false
  destroyed = false

  readonly #emitter: Dispatcher
  readonly #origins: Origins
  readonly #clients: NativeClients
  readonly #engine: RequestEngine
  readonly #factory: FactoryDispatchers | undefined
  /** connections per origin; 0: no limit */
  readonly #limit: number
  readonly #streams: number
  readonly #closeCallbacks: Callback[] = []
  readonly #destroyCallbacks: Callback[] = []
  /** why it was destroyed */
  #reason: unknown
  #isGone = false
  #stopListening: (() => void) | undefined
  #owingDrain: Set<Origin> | undefined

  /** `resolved` is made from `given`. */
  constructor(emitter: Dispatcher, given: AgentOptions, options: ResolvedOptions) {
    this.#emitter = emitter
    this.#limit = options.native.connections
    this.#streams = options.native.maxConcurrentStreams
    this.#origins = new Origins(options.maxOrigins)
    this.#clients = new NativeClients(options)
    this.#engine = new RequestEngine(options, this.#origins, this.#clients, this)
    if (given.factory) {
      const { factory, ...rest } = given
      this.#factory = new FactoryDispatchers(factory, rest, this.#origins, emitter)
    } else {
      // Fails here rather than at the first request when there is no addon.
      loadBinding()
    }
    if (given.signal) {
      this.#follow(given.signal)
    }
  }

  /** REQUIRES: neither closed nor destroyed. Throws what is wrong with the request. */
  dispatch(opts: DispatchOptions, handler: Handler, to: unknown): boolean {
    if (this.#factory !== undefined) {
      return this.#factory.dispatch(opts, handler)
    }
    const origin = this.#engine.start(opts, handler, to)
    if (this.#limit === 0 || origin.inFlight < this.#capacity(origin)) {
      return true
    }
    origin.drainOwed = true
    return false
  }

  close(callback: Callback): void {
    if (this.destroyed) {
      const error = new errors.ClientDestroyedError()
      queueMicrotask(() => callback(error, null))
      return
    }
    this.#closeCallbacks.push(callback)
    if (!this.closed) {
      this.closed = true
      void this.#closeFactory()
    }
  }

  destroy(reason: unknown, callback: Callback): void {
    if (this.#isGone) {
      queueMicrotask(() => callback(null, null))
      return
    }
    this.#destroyCallbacks.push(callback)
    if (this.destroyed) {
      return
    }
    this.destroyed = true
    this.#stopListening?.()
    const error = reason || new errors.ClientDestroyedError()
    this.#reason = error
    const all = this.#clients.all().flatMap((table) => [...table.all()])
    const stopped = all.filter((request) => request.stop())
    void this.#destroyClients(stopped, error)
  }

  stats(): Record<string, OriginStats> {
    if (this.#factory !== undefined) {
      return this.#factory.stats() as Record<string, OriginStats>
    }
    const stats: Record<string, OriginStats> = {}
    for (const origin of this.#origins.all()) {
      stats[origin.url.origin] = this.#statsOf(origin)
    }
    return stats
  }

  statsOf(spelling: string): OriginStats {
    return this.#statsOf(this.#origins.find(spelling))
  }

  #statsOf(origin: Origin): OriginStats {
    const { inFlight: size, connected } = origin
    const running = this.#limit === 0 ? size : Math.min(size, this.#capacity(origin))
    const pending = size - running
    const free = Math.max(connected - running, 0)
    return { connected, free, pending, queued: pending, running, size }
  }

  onConnected(originKey: string): void {
    const origin = this.#origins.ensure(originKey)
    origin.connected++
    publishConnected(origin)
    this.#emit('connect', origin)
  }

  onDisconnected(originKey: string, code: number, detail: number): void {
    const origin = this.#origins.ensure(originKey)
    origin.connected = Math.max(origin.connected - 1, 0)
    const error = (): Error =>
      this.destroyed ? (this.#reason as Error) : disconnectError(code, detail)
    if (endsQuietly(code)) {
      this.#emit('disconnect', origin, error)
    } else {
      // Behind the error of the request that failed with it, which may wait so long itself.
      setImmediate(() => this.#emit('disconnect', origin, error))
    }
    this.#origins.forgetIfUnused(origin)
  }

  onFailed(origin: Origin, code: number, error: Error): void {
    if (isConnectionError(code)) {
      this.#emit('connectionError', origin, () => error)
    }
  }

  onReleased(origin: Origin): void {
    if (origin.drainOwed) {
      this.#emitDrainSoon(origin)
    }
    this.#origins.forgetIfUnused(origin)
    if (this.closed) {
      this.#destroyWhenIdle()
    }
  }

  onLoopClosed(): void {
    this.#clients.onLoopClosed()
  }

  // HTTP/2 serves many requests on each connection.
  #capacity(origin: Origin): number {
    return origin.speaksHttp2 ? this.#limit * this.#streams : this.#limit
  }

  #follow(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.destroy(signal.reason, ignore)
      for (const table of this.#clients.all()) {
        table.endSwitched()
      }
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', onAbort)
  }

  async #closeFactory(): Promise<void> {
    await this.#factory?.close()
    this.#destroyWhenIdle()
  }

  // Later, so that the last handler has had its call.
  #destroyWhenIdle(): void {
    if (!this.#clients.isIdle) {
      return
    }
    queueMicrotask(() => {
      if (this.#clients.isIdle && !this.destroyed) {
        this.destroy(null, ignore)
      }
    })
  }

  // The handlers are told together with the callers: a promise of a request that is looked at only after
  // `await agent.destroy()` must not be an "unhandled rejection" before.
  async #destroyClients(stopped: PendingRequest[], error: unknown): Promise<void> {
    await Promise.all([this.#clients.destroy(), this.#factory?.destroy(error as Error)])
    for (const request of stopped) {
      request.callError(error)
    }
    this.#isGone = true
    const callbacks = [...this.#destroyCallbacks, ...this.#closeCallbacks]
    for (const callback of callbacks) {
      queueMicrotask(() => callback(null, null))
    }
  }

  // Never from inside a dispatch, and once for all requests that a batch ended.
  #emitDrainSoon(origin: Origin): void {
    if (this.#owingDrain === undefined) {
      this.#owingDrain = new Set()
      queueMicrotask(() => this.#emitDrains())
    }
    this.#owingDrain.add(origin)
  }

  #emitDrains(): void {
    const origins = this.#owingDrain ?? []
    this.#owingDrain = undefined
    for (const origin of origins) {
      if (origin.drainOwed && origin.inFlight < this.#capacity(origin)) {
        origin.drainOwed = false
        this.#emit('drain', origin)
        this.#origins.forgetIfUnused(origin)
      }
    }
  }

  // A listener that throws must not break the batch that is being read.
  #emit(
    event: 'connect' | 'disconnect' | 'connectionError' | 'drain',
    origin: Origin,
    error?: () => Error,
  ): void {
    const emitter = this.#emitter
    if (emitter.listenerCount(event) === 0) {
      return
    }
    try {
      const values: unknown[] = [origin.url, [emitter]]
      if (error !== undefined) {
        values.push(error())
      }
      // undici's type lists each event on its own.
      ;(emitter.emit as (event: string, ...values: unknown[]) => boolean).call(
        emitter,
        event,
        ...values,
      )
    } catch (thrown) {
      throwLater(thrown)
    }
  }
}

function ignore(): void {}
