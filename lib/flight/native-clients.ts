import { GivenConnections } from '../connector/given-connections.ts'
import type { NativeClientOptions } from '../native/contract.ts'
import { loadBinding } from '../native/load.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import type { ConnectOptions } from '../options/connect-options.ts'
import type { Origin } from '../origins/origins.ts'
import type { PendingRequest } from './pending-request.ts'
import { RequestTable, type TableOwner } from './request-table.ts'
import { noProxy, type Proxy } from '../options/proxy.ts'
import { TlsFollower } from './tls-follower.ts'

/**
 * Owns an Agent's native clients: one for http, one for https, and the same two for requests through a proxy. Each is
 * made for the first request that needs it, so that the default certificates, which take some 30 ms to read, are read
 * only for https.
 */
export class NativeClients {
  readonly #options: ResolvedOptions
  #plain: RequestTable | undefined
  #tls: RequestTable | undefined
  #proxiedPlain: RequestTable | undefined
  #proxiedTls: RequestTable | undefined
  readonly #tlsOf = new Map<unknown, TlsFollower>()
  #openLoops = 0
  #onClosed: (() => void) | undefined

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.all().every((table) => table.isIdle)
  }

  for(origin: Origin, owner: TableOwner): RequestTable {
    const { proxies, connect } = this.#options
    const proxy = proxies === null ? null : proxies.find(origin.url)
    if (proxy !== null) {
      return this.#proxied(origin.isTls, proxy, owner)
    }
    if (origin.isTls) {
      // A socket that the user's function made brings its own TLS.
      const ofOrigins = this.#options.connectors === null ? connect : null
      this.#tls ??= this.#create(owner, ofOrigins, null)
      return this.#tls
    }
    this.#plain ??= this.#create(owner, null, null)
    return this.#plain
  }

  /**
   * Returns requests of `origin` that native has ended, but that have not ended for their handlers, which have paused.
   */
  lingering(origin: Origin): PendingRequest[] {
    return this.all().flatMap((table) =>
      [...table.lingering].filter((request) => request.origin === origin),
    )
  }

  /** Makes native use Node's current TLS defaults for later connections of this table. Throws if they are invalid. */
  renewTls(table: PendingRequest['table']): void {
    this.#tlsOf.get(table)?.follow()
  }

  all(): RequestTable[] {
    return [this.#plain, this.#tls, this.#proxiedPlain, this.#proxiedTls].filter(
      (table) => table !== undefined,
    )
  }

  /** Resolves when all sockets are closed, except upgraded ones, which their users close. */
  async destroy(reason: Error): Promise<void> {
    await Promise.all([
      this.#destroyClients(),
      ...this.all().map((table) => table.given?.destroy(reason)),
    ])
  }

  async #destroyClients(): Promise<void> {
    const all = this.all().filter((table) => !table.hasSwitched)
    for (const table of this.all()) {
      if (table.hasSwitched) {
        table.whenSwitchedEnd(() => {
          this.#openLoops += table.client.loopCount
          table.client.destroy()
        })
      }
    }
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

  #proxied(isTls: boolean, proxy: Proxy, owner: TableOwner): RequestTable {
    if (isTls) {
      const connect = proxy.connectTo(this.#options.connect)
      this.#proxiedTls ??= this.#create(owner, connect, proxy)
      return this.#proxiedTls
    }
    this.#proxiedPlain ??= this.#create(owner, null, proxy)
    return this.#proxiedPlain
  }

  /** `connect` has the TLS options for origins; null if no origin speaks TLS. */
  #create(owner: TableOwner, connect: ConnectOptions | null, proxy: Proxy | null): RequestTable {
    const { Client } = loadBinding()
    const tls = new TlsFollower(connect, proxy)
    const native = clientOptions(this.#options, proxy, connect !== null, tls)
    const client = new Client(native)
    const { localAddress: address, localPort: port, socketPath } = native
    const table = new RequestTable(client, owner, { address, port, socketPath }, proxy)
    if (this.#options.connectors !== null) {
      table.given = new GivenConnections(this.#options.connectors, this.#options.native, table)
    } else if (connect !== null || proxy?.speaksTls === true) {
      tls.client = client
      this.#tlsOf.set(table, tls)
    }
    return table
  }
}

/** The options of a native client. `isTls` says whether origins speak TLS. */
export function clientOptions(
  { native, useH2c }: ResolvedOptions,
  proxy: Proxy | null,
  isTls: boolean,
  tls: TlsFollower,
): NativeClientOptions {
  const { localAddress, localPort, socketPath } = proxy === null ? native : proxy.localEnd(native)
  const [ofOrigins, ofProxy] = tls.initial()
  return {
    ...native,
    localAddress,
    localPort,
    socketPath,
    http2PriorKnowledge: useH2c && proxy === null,
    tls: ofOrigins,
    proxy: proxy === null ? noProxy : { ...proxy.native(isTls), tls: ofProxy },
  }
}
