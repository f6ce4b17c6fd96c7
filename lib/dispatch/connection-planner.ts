import net from 'node:net'
import type { LocalEnd } from '../errors/destination.ts'
import type { NativeConnectionPlan } from '../native/contract.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import type { Proxy } from '../options/proxy.ts'
import type { Origin } from '../origins/origins.ts'
import { findAddresses, type OnFound } from './address-lookup.ts'

/** A native client that asks how to connect. */
export interface AskingClient {
  readonly local: LocalEnd
  readonly proxy: Proxy | null
  connect(request: AskingRequest, plan: NativeConnectionPlan): void
  refuse(request: AskingRequest, error: unknown): void
}

/** A request whose connection is about to be made. */
export interface AskingRequest {
  readonly id: number
  readonly ended: boolean
  readonly origin: Origin
}

interface TlsRenewal {
  /** Makes native use Node's current TLS defaults. Throws if they are invalid. */
  renewTls(client: unknown): void
}

/**
 * Answers native when it asks before it makes a connection. undici reads the addresses of the host and Node's TLS
 * defaults again for each connection, so they are read at that moment. A request that finds a connection takes no time
 * here.
 */
export class ConnectionPlanner {
  readonly #options: ResolvedOptions
  readonly #clients: TlsRenewal

  constructor(options: ResolvedOptions, clients: TlsRenewal) {
    this.#options = options
    this.#clients = clients
  }

  /** Call this when native is about to make a connection for the request. */
  onConnectionWanted(table: AskingClient, request: AskingRequest): void {
    const { id } = request
    const { connectTimeout } = this.#options.native
    const startedAt = performance.now()
    this.locate(table, request.origin, (error, addresses) => {
      if (request.ended || request.id !== id) {
        return
      }
      if (error) {
        table.refuse(request, error)
        return
      }
      const left = Math.ceil(connectTimeout - (performance.now() - startedAt))
      table.connect(request, {
        addresses,
        timeout: connectTimeout === 0 ? 0 : Math.max(left, 1),
        happyEyeballsTimeout: this.#attemptTimeout(),
      })
    })
  }

  /** Gives native Node's current TLS defaults, and looks up the addresses for a connection. */
  locate(table: Pick<AskingClient, 'local' | 'proxy'>, origin: Origin, onFound: OnFound): void {
    try {
      this.#clients.renewTls(table)
    } catch (error) {
      onFound(error, '')
      return
    }
    const timeout = this.#options.native.connectTimeout
    const isBound = table.local.address !== ''
    if (table.local.socketPath !== '') {
      onFound(null, '')
    } else if (table.proxy !== null) {
      findAddresses(table.proxy, table.proxy.lookupOptions, isBound, timeout, onFound)
    } else {
      findAddresses(origin, this.#options.connect, isBound, timeout, (error, addresses) => {
        origin.addresses = addresses
        onFound(error, addresses)
      })
    }
  }

  #attemptTimeout(): number {
    return this.#options.attemptTimeout ?? net.getDefaultAutoSelectFamilyAttemptTimeout()
  }
}
