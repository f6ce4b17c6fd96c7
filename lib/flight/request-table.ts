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

/** What the owner of a native client is told. */
export interface TableOwner extends ClientOwner {
  /** native has ended one more request of this origin */
  onReleased(origin: Origin): void
  /** Native is about to make a connection for this request; `table.connect()` or `table.refuse()` answers. */
  onConnectionWanted(table: RequestTable, request: PendingRequest): void
}

/** A request whose connection has become its user's own. */
export interface SwitchedSocket {
  readonly request: PendingRequest
  destroy(): void
}

/** One native client and the owner of its request ids: id -> PendingRequest. */
export class RequestTable implements RequestHost<PendingRequest>, BatchReceiver<PendingRequest> {
  readonly client: NativeClient
  readonly owner: TableOwner
  /** where its connections come from */
  readonly local: LocalEnd
  /** that all its connections go through */
  readonly proxy: Proxy | null
  /** Ended for native, but not for the handler, which has paused. */
  readonly lingering: Set<PendingRequest> = new Set<PendingRequest>()
  /** the connections, where JavaScript makes them */
  given: GivenConnections | null = null
  readonly #params: Uint32Array
  // Holds no id 0, so that 0 can mean "none".
  readonly #byId: (PendingRequest | undefined)[] = [undefined]
  readonly #freeIds: number[] = []
  /** upgraded sockets: to undici no requests of the dispatcher any more */
  readonly #switched = new Map<PendingRequest, SwitchedSocket>()
  /** by the ids of the requests whose connections were refused; written over when an id comes again */
  readonly #refusals = new Map<number, Error>()
  /** whose responses are complete, while their bodies are still being sent: nobody waits for them */
  readonly #answered = new Set<PendingRequest>()
  #onLastSwitched: (() => void) | undefined
  #flushes = false
  // After the microtasks, so that all the requests and pieces of bodies that the handlers of a batch lead to share one
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

  /** Nothing is in flight, but for sockets that are their users' own. */
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

  /** Those that their handlers have not seen end, and those that native has not ended. */
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

  /** Native's records for `from` are those of `socket`'s request from here on. */
  handOver(from: PendingRequest, socket: SwitchedSocket): void {
    const to = socket.request
    this.#byId[from.id] = to
    to.id = from.id
    to.onSubmitted()
    from.id = 0
    this.#switched.set(to, socket)
    this.#leave(to.origin)
  }

  /** The id may be used again: native knows no request by it. */
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

  /** Calls back when the last upgraded socket has gone. REQUIRES: hasSwitched. */
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

  /** Native is told at the end of this tick. */
  flushLater(): void {
    if (!this.#flushes) {
      this.#flushes = true
      process.nextTick(this.#flush)
    }
  }
}
