import net from 'node:net'
import type { NativeClients } from '../flight/native-clients.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { RequestTable } from '../flight/request-table.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import { findAddresses, type OnFound } from './address-lookup.ts'

/**
 * Answers native when it asks before it makes a connection. undici reads the addresses of the host and Node's TLS
 * defaults again for each connection, so they are read at that moment. A request that finds a connection takes no time
 * here.
 */
export class ConnectionPlanner {
  readonly #options: ResolvedOptions
  readonly #clients: NativeClients

  constructor(options: ResolvedOptions, clients: NativeClients) {
    this.#options = options
    this.#clients = clients
  }

  /** Call this when native is about to make a connection for the request. */
  onConnectionWanted(table: RequestTable, request: PendingRequest): void {
    const { id } = request
    const { connectTimeout } = this.#options.native
    const startedAt = performance.now()
    this.locate(request, (error, addresses) => {
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

  /** Gives native Node's current TLS defaults, and looks up the addresses for the request's connection. */
  locate(request: PendingRequest, onFound: OnFound): void {
    const { table, origin } = request
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
