import { AsyncResource } from 'node:async_hooks'
import type { AskingClient, AskingRequest } from '../dispatch/connection-planner.ts'
import type { LocalEnd } from '../errors/destination.ts'
import { clientOptions } from '../flight/native-clients.ts'
import { TlsFollower } from '../flight/tls-follower.ts'
import { loadBinding } from '../native/load.ts'
import {
  Param,
  type NativeClient,
  type NativeCollecting,
  type NativeConnectionPlan,
  type OnBatch,
} from '../native/contract.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import type { Proxy } from '../options/proxy.ts'
import { readBatch, type BatchReceiver, type ClientOwner } from '../response/batch-reader.ts'
import type { NativeItem } from './native-item.ts'

/** Called when native asks how to connect. */
type OnConnectionWanted = (client: LoadClient, item: NativeItem) => void

/** A native client that collects whole responses, and its items by id. */
export class LoadClient implements AskingClient, BatchReceiver<NativeItem>, ClientOwner {
  readonly local: LocalEnd
  readonly proxy: Proxy | null
  readonly given = null
  readonly #client: NativeClient
  readonly #tls: TlsFollower
  readonly #speaksTls: boolean
  readonly #timeouts: Pick<ResolvedOptions, 'headersTimeout' | 'bodyTimeout'>
  readonly #onConnectionWanted: OnConnectionWanted
  // Id 0 is never used, so that it can mean "none".
  readonly #byId: (NativeItem | undefined)[] = [undefined]
  readonly #freeIds: number[] = []
  readonly #refusals = new Map<number, Error>()
  readonly #closed = Promise.withResolvers<void>()
  #openLoops: number
  #flushes = false

  constructor(
    options: ResolvedOptions,
    proxy: Proxy | null,
    isTls: boolean,
    collecting: NativeCollecting,
    onConnectionWanted: OnConnectionWanted,
  ) {
    const connect = proxy === null ? options.connect : proxy.connectTo(options.connect)
    this.#tls = new TlsFollower(isTls ? connect : null, proxy)
    this.#speaksTls = isTls || proxy?.speaksTls === true
    const native = clientOptions(options, proxy, isTls, this.#tls)
    const { Client } = loadBinding()
    this.#client = new Client(native, collecting)
    this.#tls.client = this.#client
    this.#openLoops = this.#client.loopCount
    this.#timeouts = options
    this.#onConnectionWanted = onConnectionWanted
    this.proxy = proxy
    this.local = {
      address: native.localAddress,
      port: native.localPort,
      socketPath: native.socketPath,
    }
    const onBatch: OnBatch = (words, wordCount, text, slab, blocks) =>
      readBatch(this, words, wordCount, text, slab, blocks)
    // Items are transformed in the context of their reader.
    this.#client.onBatch = AsyncResource.bind(onBatch)
  }

  submit(item: NativeItem, text: string, flags: number): void {
    const id = this.#freeIds.pop() ?? this.#byId.length
    this.#byId[id] = item
    item.id = id
    const { params } = this.#client
    params[Param.id] = id
    params[Param.flags] = flags
    params[Param.headersTimeout] = this.#timeouts.headersTimeout
    params[Param.bodyTimeout] = this.#timeouts.bodyTimeout
    params[Param.textLength] = text.length
    this.#client.submit(text, undefined)
    this.#flushLater()
  }

  want(count: number): void {
    this.#client.want(count)
  }

  /** Makes native use Node's current TLS defaults. Throws if they are invalid. */
  renewTls(): void {
    if (this.#speaksTls) {
      this.#tls.follow()
    }
  }

  /** Cancels everything. */
  destroy(): void {
    this.#client.destroy()
  }

  /** Resolves when all sockets are closed. REQUIRES: destroy() was called. */
  whenClosed(): Promise<void> {
    return this.#closed.promise
  }

  // As an AskingClient.

  connect({ id }: AskingRequest, plan: NativeConnectionPlan): void {
    this.#client.connect(id, plan)
    this.#flushLater()
  }

  refuse({ id }: AskingRequest, error: unknown): void {
    this.#refusals.set(id, error as Error)
    this.#client.refuse(id)
    this.#flushLater()
  }

  // As the receiver of batches.

  get owner(): ClientOwner {
    return this
  }

  byId(id: number): NativeItem | undefined {
    return this.#byId[id]
  }

  release(item: NativeItem): void {
    this.#byId[item.id] = undefined
    this.#freeIds.push(item.id)
    item.id = 0
  }

  refusal(id: number): Error | undefined {
    return this.#refusals.get(id)
  }

  onConnectionWanted(item: NativeItem): void {
    this.#onConnectionWanted(this, item)
  }

  onAnswered(): void {}

  onLoopClosed(): void {
    if (--this.#openLoops === 0) {
      this.#closed.resolve()
    }
  }

  // Nobody listens to these.
  onConnected(): void {}
  onDisconnected(): void {}
  onFailed(): void {}

  #flushLater(): void {
    if (!this.#flushes) {
      this.#flushes = true
      process.nextTick(this.#flush)
    }
  }

  readonly #flush = (): void => {
    this.#flushes = false
    this.#client.flush()
  }
}
