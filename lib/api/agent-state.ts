import type { Dispatcher } from 'undici'
import type { AgentOptions, ResolvedOptions } from '../options/agent-options.ts'
import { loadBinding } from '../native/load.ts'
import type { Handler } from '../compat/handler.ts'
import { codeOf, debugLine, isDebugging } from '../diagnostics/debug-log.ts'
import { publishNativeConnected } from '../diagnostics/observed-connections.ts'
import { Origins, type Origin } from '../origins/origins.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { RequestTable, TableOwner } from '../flight/request-table.ts'
import type { DispatchOptions } from '../request/request-checks.ts'
import { ConnectionPlanner } from '../dispatch/connection-planner.ts'
import { RequestEngine } from '../dispatch/request-engine.ts'
import type { Callback, DispatcherState } from './dispatcher-state.ts'
import { followSignal } from './follow-signal.ts'
import { MockClients } from './mock-clients.ts'
import { errors } from '../compat/undici.ts'
import { disconnectError } from '../errors/disconnect-error.ts'
import { isConnectionError, mayEndResponse } from '../errors/error-kinds.ts'
import { NativeClients } from '../flight/native-clients.ts'
import { DispatcherEvents } from './dispatcher-events.ts'
import { Tenants } from './tenants.ts'
import { OriginCapacity, type OriginStats } from './origin-stats.ts'

/**
 * The inside of an Agent: owns its origins and native clients, knows whether it is closed or destroyed, and emits its
 * events. It is an object of its own because undici's compose() runs the Agent's methods on a Proxy, where private
 * members do not work.
 */
export class AgentState implements TableOwner, DispatcherState {
  closed = false
  destroyed = false

  // Neither a property nor a getter: util.inspect() of an Agent must not show its keys and passwords.
  readonly #options: ResolvedOptions
  readonly #origins: Origins
  readonly #clients: NativeClients
  readonly #engine: RequestEngine
  /** undefined while nothing is mocked */
  #mocks: MockClients | undefined
  readonly #planner: ConnectionPlanner
  readonly #capacity: OriginCapacity
  readonly #events: DispatcherEvents
  readonly #closeCallbacks: Callback[] = []
  readonly #destroyCallbacks: Callback[] = []
  /** the error given to destroy(), or undici's own */
  #reason: unknown
  #isGone = false
  readonly #isGivenSockets: boolean
  readonly tenants: Tenants = new Tenants(() => {
    if (this.closed) {
      this.#destroyWhenIdle()
    }
  })
  #stopListening: (() => void) | undefined

  /** `options` is what resolveOptions() made of `given`. */
  constructor(emitter: Dispatcher, given: AgentOptions, options: ResolvedOptions) {
    this.#options = options
    const { connections, maxConcurrentStreams } = options.native
    this.#capacity = new OriginCapacity(connections, maxConcurrentStreams)
    this.#origins = new Origins(options.maxOrigins)
    this.#events = new DispatcherEvents(
      emitter,
      (origin) => this.#capacity.hasRoom(origin),
      (origin) => this.#origins.forgetIfUnused(origin),
    )
    this.#clients = new NativeClients(options)
    this.#planner = new ConnectionPlanner(options, this.#clients)
    this.#engine = new RequestEngine(options, this.#origins, this.#clients, this.#planner, this)
    this.#isGivenSockets = options.connectors !== null
    // Without an addon the constructor fails, not the first request.
    loadBinding()
    this.#stopListening = followSignal(given.signal, (reason) => {
      this.destroy(reason, ignore)
      for (const table of this.#clients.all()) {
        table.endSwitched()
      }
    })
  }

  resolvedOptions(): ResolvedOptions {
    return this.#options
  }

  /** REQUIRES: neither closed nor destroyed. Throws if the request is invalid. */
  dispatch(opts: DispatchOptions, handler: Handler, to: unknown): boolean {
    const mock = this.#mocks?.find(opts)
    return mock === undefined
      ? this.#send(opts, handler, to)
      : mock.dispatch(opts as never, handler as Dispatcher.DispatchHandler)
  }

  #send(opts: DispatchOptions, handler: Handler, to: unknown): boolean {
    const origin = this.#engine.start(opts, handler, to)
    if (this.#capacity.hasRoom(origin)) {
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
      void this.#closeMocks()
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
    const stopped = all.filter((request) => request.stop(error))
    void this.#destroyClients(stopped, error)
  }

  stats(): Record<string, OriginStats> {
    const stats: Record<string, OriginStats> = {}
    for (const origin of this.#origins.all()) {
      stats[origin.url.origin] = this.#capacity.stats(origin)
    }
    return stats
  }

  statsOf(spelling: string): OriginStats {
    return this.#capacity.stats(this.#origins.find(spelling))
  }

  isBusy(spelling: string): boolean {
    return !this.#capacity.hasRoom(this.#origins.find(spelling))
  }

  clients(): Map<unknown, unknown> {
    this.#mocks ??= new MockClients((opts, handler, to) => {
      if (this.destroyed) {
        throw new errors.ClientDestroyedError()
      }
      return this.#send(opts, handler, to)
    })
    return this.#mocks
  }

  setPipelining(value: number): void {
    this.#engine.setKeepAlive(Boolean(value))
  }

  onConnected(originKey: string): void {
    const origin = this.#origins.ensure(originKey)
    origin.connected++
    if (isDebugging) {
      debugLine(`connect ${origin.url.origin}`)
    }
    if (!this.#isGivenSockets) {
      publishNativeConnected(origin)
    }
    this.#events.connect(origin)
  }

  onDisconnected(originKey: string, code: number, detail: number): void {
    const origin = this.#origins.ensure(originKey)
    origin.connected = Math.max(origin.connected - 1, 0)
    const reason = this.destroyed ? (this.#reason as Error) : undefined
    const error = (): Error => reason ?? disconnectError(code, detail)
    if (isDebugging) {
      const why = this.destroyed ? 'destroyed' : disconnectError(code, detail).message
      debugLine(`disconnect ${origin.url.origin}: ${why}`)
    }
    const behind = mayEndResponse(code) ? this.#clients.lingering(origin) : []
    this.#events.disconnect(origin, error, behind)
    this.#origins.forgetIfUnused(origin)
  }

  onFailed(origin: Origin, code: number, error: Error): void {
    if (isConnectionError(code)) {
      if (isDebugging) {
        debugLine(`connectionError ${origin.url.origin}: ${codeOf(error)}`)
      }
      this.#events.emit('connectionError', origin, () => error)
    }
  }

  onReleased(origin: Origin): void {
    if (origin.drainOwed) {
      this.#events.drainSoon(origin)
    }
    this.#events.onReleased(origin)
    this.#origins.forgetIfUnused(origin)
    if (this.closed) {
      this.#destroyWhenIdle()
    }
  }

  onConnectionWanted(table: RequestTable, request: PendingRequest): void {
    this.#planner.onConnectionWanted(table, request)
  }

  onLoopClosed(): void {
    this.#clients.onLoopClosed()
  }

  async #closeMocks(): Promise<void> {
    await this.#mocks?.close()
    this.#destroyWhenIdle()
  }

  get #isIdle(): boolean {
    return this.#clients.isIdle && this.tenants.isEmpty
  }

  // In a microtask, so that the last handler is called first.
  #destroyWhenIdle(): void {
    if (!this.#isIdle) {
      return
    }
    queueMicrotask(() => {
      if (this.#isIdle && !this.destroyed) {
        this.destroy(null, ignore)
      }
    })
  }

  // The handlers get their errors when the callers of destroy() get their answer. If they were told earlier, a promise
  // that a program only awaits after `await agent.destroy()` would count as an unhandled rejection.
  async #destroyClients(stopped: PendingRequest[], error: unknown): Promise<void> {
    const [tellTenants] = await Promise.all([
      this.tenants.stop(error),
      this.#clients.destroy(error as Error),
      this.#mocks?.destroy(error),
    ])
    await this.#events.settled()
    for (const request of stopped) {
      request.callError(error)
    }
    for (const tell of tellTenants) {
      tell()
    }
    this.#isGone = true
    const callbacks = [...this.#destroyCallbacks, ...this.#closeCallbacks]
    for (const callback of callbacks) {
      queueMicrotask(() => callback(null, null))
    }
  }
}

function ignore(): void {}
