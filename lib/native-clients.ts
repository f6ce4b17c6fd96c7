import { loadBinding } from './binding/load.ts'
import type { ResolvedOptions } from './agent-options.ts'
import { PendingRequests, type ClientOwner } from './dispatch/pending-requests.ts'
import { nativeTlsOptions, noTls } from './tls-options.ts'

/**
 * Owner of an Agent's native clients: one for http, one for https, each made at the first request that needs it.
 * Two, so that the default certificates, which cost some 30 ms to read, are read only when https is used.
 */
export class NativeClients {
  readonly #options: ResolvedOptions
  #plain: PendingRequests | undefined
  #tls: PendingRequests | undefined
  #openLoops = 0
  #onClosed: (() => void) | undefined

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return (this.#plain?.isIdle ?? true) && (this.#tls?.isIdle ?? true)
  }

  plain(owner: ClientOwner): PendingRequests {
    this.#plain ??= this.#create(owner, noTls)
    return this.#plain
  }

  tls(owner: ClientOwner): PendingRequests {
    this.#tls ??= this.#create(owner, nativeTlsOptions(this.#options.connect))
    return this.#tls
  }

  all(): PendingRequests[] {
    return [this.#plain, this.#tls].filter((requests) => requests !== undefined)
  }

  /** Resolves when all sockets are closed. */
  async destroy(): Promise<void> {
    const all = this.all()
    this.#openLoops = all.reduce((sum, { client }) => sum + client.loopCount, 0)
    if (this.#openLoops === 0) {
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onClosed = resolve
    for (const { client } of all) {
      client.destroy()
    }
    await promise
  }

  onLoopClosed(): void {
    this.#openLoops--
    if (this.#openLoops === 0) {
      this.#onClosed?.()
    }
  }

  #create(owner: ClientOwner, tls: ReturnType<typeof nativeTlsOptions>): PendingRequests {
    const { Client } = loadBinding()
    const { native } = this.#options
    const local = { address: native.localAddress, port: native.localPort }
    return new PendingRequests(new Client({ ...native, tls }), owner, local)
  }
}
