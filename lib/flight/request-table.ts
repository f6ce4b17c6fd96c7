import type { GivenConnections } from '../connector/given-connections.ts'
import { readBatch, type BatchReceiver, type ClientOwner } from '../response/batch-reader.ts'
import { Errc, Param, type NativeClient, type NativeConnectionPlan } from '../native/contract.ts'
import { YoungCollector } from '../native/young-collector.ts'
import type { LocalEnd } from '../errors/destination.ts'
import type { EncodedRequest } from '../request/encode-request.ts'
import type { Origin } from '../origins/origins.ts'
import type { Proxy } from '../options/proxy.ts'
import type { PendingRequest } from './pending-request.ts'
import type { RequestHost } from './request-parts.ts'

// One for all clients of this thread, as they share its heap.
const collector = new YoungCollector()

const anywhere: LocalEnd = { address: '', port: 0, socketPath: '' }

/** Receives the events of a table's requests and of its native client. */
export interface TableOwner extends ClientOwner {
  /** native has ended one more request of this origin */
  onReleased(origin: Origin): void
  /** Native is about to make a connection for this request. Answer by `table.connect()` or `table.refuse()`. */
  onConnectionWanted(table: RequestTable, request: PendingRequest): void
}

/** The socket of an upgraded connection, which belongs to the user. */
export interface SwitchedSocket {
  readonly request: PendingRequest
  destroy(): void
}

/** One native client and its requests by id. Owns the ids. */
export class RequestTable implements RequestHost<PendingRequest>, BatchReceiver<PendingRequest> {
  readonly client: NativeClient
  readonly owner: TableOwner
  /** local end of its connections */
  readonly local: LocalEnd
  /** proxy of all its connections */
  readonly proxy: Proxy | null
  /** requests that have ended for native, but not for their handlers, which have paused */
  readonly lingering: Set<PendingRequest> = new Set<PendingRequest>()
  /** the connections, if JavaScript makes them */
  given: GivenConnections | null = null
  readonly #params: Uint32Array
  // Id 0 is never used, so that it can mean "none".
  readonly #byId: (PendingRequest | undefined)[] = [undefined]
  readonly #freeIds: number[] = []
  /** upgraded sockets, which undici no longer counts as requests of the dispatcher */
  readonly #switched = new Map<PendingRequest, SwitchedSocket>()
  /** errors of refused connections, by request id; overwritten when an id is used again */
  readonly #refusals = new Map<number, Error>()
  /** requests whose responses are complete while their bodies are still being sent; nobody waits for them */
  readonly #answered = new Set<PendingRequest>()
  #onLastSwitched: (() => void) | undefined
  #flushes = false
  // Runs after the microtasks, so that all requests and pieces of bodies that the handlers of a batch send share one
  // wake-up.
  readonly #flush = (): void => {
    this.#flushes = false
    this.client.flush()
  }

  constructor(
    client: NativeClient,
    owner: TableOwner,
    local: LocalEnd = anywhere,
    proxy: Proxy | null = null,
  ) {
    this.client = client
    this.owner = owner
    this.local = local
    this.proxy = proxy
    this.#params = client.params
    client.onBatch = (words, wordCount, text, slab, blocks) => {
      readBatch(this, words, wordCount, text, slab, blocks)
      if (blocks !== undefined) {
        collector.add(blocks.reduce((sum, block) => sum + block.byteLength, 0))
      }
    }
  }

  /** Whether nothing is in flight, apart from upgraded sockets and requests that were answered. */
  get isIdle(): boolean {
    const inFlight = this.#byId.length - 1 - this.#freeIds.length
    const isOver = inFlight === this.#switched.size + this.#answered.size
    return isOver && this.lingering.size === 0
  }

  get hasSwitched(): boolean {
    return this.#switched.size > 0
  }

  byId(id: number): PendingRequest | undefined {
    return this.#byId[id]
  }

  /** All requests that have not ended for native, or not for their handlers. */
  *all(): Iterable<PendingRequest> {
    for (const request of this.#byId) {
      if (request !== undefined && !this.#switched.has(request)) {
        yield request
      }
    }
    yield* this.lingering
  }

  add(request: PendingRequest): void {
    const id = this.#freeIds.pop() ?? this.#byId.length
    this.#byId[id] = request
    request.id = id
    request.origin.inFlight++
  }

  /** From here on native's records for `from` go to the request of `socket`. */
  handOver(from: PendingRequest, socket: SwitchedSocket): void {
    const to = socket.request
    this.#byId[from.id] = to
    to.id = from.id
    to.onSubmitted()
    from.id = 0
    this.#switched.set(to, socket)
    this.#leave(to.origin)
  }

  /** Native has ended the request, so its id may be used again. */
  release(request: PendingRequest): void {
    this.given?.onReleased(request)
    this.#byId[request.id] = undefined
    this.#freeIds.push(request.id)
    request.id = 0
    if (this.#answered.delete(request)) {
      request.upload?.stop()
    } else if (!this.#switched.delete(request)) {
      this.#leave(request.origin)
    } else if (this.#switched.size === 0) {
      this.#onLastSwitched?.()
    }
  }

  /** The response is complete; native goes on with the request's body, and release() follows. */
  onAnswered(request: PendingRequest): void {
    this.#answered.add(request)
    this.#leave(request.origin)
  }

  /** Calls back when the last upgraded socket has closed. REQUIRES: hasSwitched. */
  whenSwitchedEnd(callback: () => void): void {
    this.#onLastSwitched = callback
  }

  endSwitched(): void {
    for (const socket of this.#switched.values()) {
      socket.destroy()
    }
  }

  #leave(origin: Origin): void {
    origin.inFlight--
    this.owner.onReleased(origin)
  }

  submit(request: PendingRequest, encoded: EncodedRequest): void {
    const { text, streamLength } = encoded
    const params = this.#params
    params[Param.id] = request.id
    params[Param.flags] = encoded.flags
    params[Param.headersTimeout] = encoded.headersTimeout
    params[Param.bodyTimeout] = encoded.bodyTimeout
    params[Param.textLength] = text.length
    if (streamLength >= 0) {
      params[Param.contentLengthLow] = streamLength
      params[Param.contentLengthHigh] = Math.floor(streamLength / 2 ** 32)
    }
    this.client.submit(text, encoded.bytes)
    this.flushLater()
  }

  onConnectionWanted(request: PendingRequest): void {
    if (this.given === null) {
      this.owner.onConnectionWanted(this, request)
    } else {
      this.given.onWanted(request)
    }
  }

  connect({ id }: PendingRequest, plan: NativeConnectionPlan): void {
    this.client.connect(id, plan)
    this.flushLater()
  }

  /** The request and those that wait for its connection fail with this error. */
  refuse({ id }: PendingRequest, error: unknown): void {
    this.#refusals.set(id, error as Error)
    this.client.refuse(id)
    this.flushLater()
  }

  refusal(id: number): Error | undefined {
    return this.#refusals.get(id)
  }

  writeBody(id: number, bytes: Uint8Array): void {
    this.client.writeBody(id, bytes)
    this.flushLater()
  }

  endBody(id: number): void {
    this.client.endBody(id)
    this.flushLater()
  }

  setSocket(id: number, setting: number, value: number): void {
    this.client.setSocket(id, setting, value)
    this.flushLater()
  }

  onConnectionError(origin: Origin, error: Error): void {
    this.owner.onFailed(origin, Errc.connectFailed, error)
  }

  /** Wakes native at the end of this tick. */
  flushLater(): void {
    if (!this.#flushes) {
      this.#flushes = true
      process.nextTick(this.#flush)
    }
  }
}
