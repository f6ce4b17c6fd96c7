import { Buffer } from 'node:buffer'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { AskingClient } from '../dispatch/connection-planner.ts'
import type { Destination } from '../errors/destination.ts'
import { bareHost } from '../origins/origin-url.ts'
import type { Origin } from '../origins/origins.ts'
import type { RecordReceiver } from '../response/batch-reader.ts'
import type { HeaderBlock } from '../response/header-block.ts'
import type { LoadTask } from './item-loader.ts'

/** Where requests go. */
export interface ItemRoute {
  readonly client: Pick<AskingClient, 'local' | 'proxy'>
  readonly origin: Origin
  readonly servername: string
}

const empty = Buffer.alloc(0)

/** One attempt to load an item. Its records come all at once. */
export class NativeItem implements RecordReceiver {
  readonly task: LoadTask
  readonly route: ItemRoute
  readonly attempt: number
  readonly #onEnd: (item: NativeItem) => void
  /** native's id; 0 after it has ended */
  id = 0
  status = 0
  headers: ResponseHeaders = {}
  body: Buffer = empty
  failure: { readonly error: unknown } | undefined
  ended = false
  isHttp2 = false
  encodedSize = -1
  rawTrailers: Buffer[] | null = null
  readonly upload = null
  readonly tunnel = null

  constructor(
    task: LoadTask,
    route: ItemRoute,
    attempt: number,
    onEnd: (item: NativeItem) => void,
  ) {
    this.task = task
    this.route = route
    this.attempt = attempt
    this.#onEnd = onEnd
  }

  get origin(): Origin {
    return this.route.origin
  }

  get destination(): Destination {
    const { client, origin, servername } = this.route
    const { hostname, port, addresses } = origin
    const address = addresses === '' || addresses.includes(',') ? undefined : bareHost(addresses)
    const { local, proxy } = client
    return { hostname, port, servername, address, local, proxy }
  }

  onResponseStart(status: number, _head: HeaderBlock, headers: ResponseHeaders): void {
    this.status = status
    this.headers = headers
  }

  onData(body: Buffer): void {
    this.body = body
  }

  onEnd(): void {
    this.ended = true
    this.#onEnd(this)
  }

  onFailed(error: unknown): void {
    this.fail(error)
  }

  fail(error: unknown): void {
    this.failure = { error }
    this.onEnd()
  }

  // Neither uploads nor tunnels are asked for.
  onRequestSent(): void {}
  onPeerEnd(): void {}
}
