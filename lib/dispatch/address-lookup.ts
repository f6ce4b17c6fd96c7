import * as dns from 'node:dns'
import { getDefaultAutoSelectFamily, isIP, type LookupFunction } from 'node:net'
import type { ResolvedOptions } from '../options/agent-options.ts'
import { Errc } from '../native/contract.ts'
import { nativeError } from '../errors/errors.ts'
import type { Origin } from '../origins/origins.ts'
import type { PendingRequest } from '../flight/pending-request.ts'
import type { TableOwner } from '../flight/request-table.ts'

interface Waiting {
  readonly request: PendingRequest
  readonly onFound: (addresses: string) => void
}

/**
 * Finds hosts by a function of the Agent's options, or by `dns.lookup()` with flags that libcurl has no counterpart for,
 * as net.connect() would. While an origin has connections its addresses stay as they are, and all requests that wait for
 * them share one look-up.
 */
export class AddressLookup {
  readonly #lookup: LookupFunction
  readonly #dnsOptions: dns.LookupOptions
  readonly #timeout: number
  readonly #owner: TableOwner
  readonly #waiting = new Map<Origin, Waiting[]>()

  /** undefined when libcurl is to find the hosts. */
  static from({ connect, native }: ResolvedOptions, owner: TableOwner): AddressLookup | undefined {
    const { lookup, hints, family, autoSelectFamily } = connect
    const isPlain = !lookup && !hints && family !== 6 && autoSelectFamily !== false
    return isPlain || native.socketPath !== ''
      ? undefined
      : new AddressLookup(connect, native, owner)
  }

  private constructor(
    { lookup, hints = 0, family, autoSelectFamily }: ResolvedOptions['connect'],
    native: ResolvedOptions['native'],
    owner: TableOwner,
  ) {
    const isMany =
      (autoSelectFamily ?? getDefaultAutoSelectFamily()) && !family && native.localAddress === ''
    this.#lookup = lookup ?? dns.lookup
    this.#dnsOptions = {
      family,
      hints: hints === 0 && !family ? dns.ADDRCONFIG : hints,
      ...(isMany && { all: true }),
    }
    this.#timeout = native.connectTimeout
    this.#owner = owner
  }

  /** Calls back with the addresses as native takes them, at once or later; if there are none, the request fails. */
  find(request: PendingRequest, onFound: (addresses: string) => void): void {
    const { origin } = request
    if (isIP(origin.hostname) !== 0) {
      onFound('')
      return
    }
    if (origin.connected > 0 && origin.addresses !== '') {
      onFound(origin.addresses)
      return
    }
    const waiting = this.#waiting.get(origin)
    if (waiting !== undefined) {
      waiting.push({ request, onFound })
      return
    }
    this.#waiting.set(origin, [{ request, onFound }])
    this.#start(origin)
  }

  #start(origin: Origin): void {
    const { hostname, port } = origin
    let isOver = false
    const end = (error: unknown, found: unknown, family: unknown): void => {
      if (!isOver) {
        isOver = true
        clearTimeout(timer)
        this.#finish(origin, error, found, family)
      }
    }
    const timer =
      this.#timeout === 0
        ? undefined
        : setTimeout(() => {
            const to = { hostname, port, servername: '' }
            end(nativeError(Errc.connectTimeout, this.#timeout, '', '', to), undefined, undefined)
          }, this.#timeout)
    try {
      this.#lookup(hostname, this.#dnsOptions, end)
    } catch (error) {
      end(error, undefined, undefined)
    }
  }

  #finish(origin: Origin, error: unknown, found: unknown, family: unknown): void {
    const waiting = this.#waiting.get(origin) ?? []
    this.#waiting.delete(origin)
    const list = this.#dnsOptions.all ? asList(found) : [{ address: found, family }]
    const addresses = list.filter(isValid).map(({ address }) => inUrl(address as string))
    if (error || addresses.length === 0) {
      const reason = error || complaint(list[0], origin)
      // As net.connect() does: never from inside the dispatch.
      process.nextTick(() => this.#fail(waiting, reason as Error))
      return
    }
    origin.addresses = addresses.join(',')
    for (const { request, onFound } of waiting) {
      if (!request.ended) {
        onFound(origin.addresses)
      }
    }
  }

  #fail(waiting: Waiting[], error: Error): void {
    for (const { request } of waiting) {
      if (!request.ended) {
        request.fail(error)
        this.#owner.onFailed(request.origin, Errc.resolveFailed, error)
      }
    }
  }
}

interface Found {
  readonly address?: unknown
  readonly family?: unknown
}

// Whatever a function of the user's calls back with, as net.connect() reads it.
function asList(found: unknown): Found[] {
  return Array.from((found ?? []) as ArrayLike<Found>)
}

function isValid({ address, family }: Found): boolean {
  return typeof address === 'string' && isIP(address) !== 0 && (family === 4 || family === 6)
}

function inUrl(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address
}

function complaint(found: Found | undefined, { hostname: host, port }: Origin): Error {
  const { address, family } = found ?? {}
  if (typeof address === 'string' && isIP(address) !== 0) {
    const error = new RangeError(`Invalid address family: ${String(family)} ${host}:${port}`)
    return Object.assign(error, { code: 'ERR_INVALID_ADDRESS_FAMILY', host, port })
  }
  const error = new TypeError(`Invalid IP address: ${String(address)}`)
  return Object.assign(error, { code: 'ERR_INVALID_IP_ADDRESS' })
}
