// The default exports, because a program may replace `dns.lookup`.
import dns from 'node:dns'
import net from 'node:net'
import { connectTimedOut } from '../errors/connect-errors.ts'
import type { ConnectOptions } from '../options/connect-options.ts'

/** The host to look up: that of an origin or of a proxy. */
export interface Host {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
}

/** Those options of `connect` that control the look-up. */
export type LookupOptions = Pick<ConnectOptions, 'lookup' | 'hints' | 'family' | 'autoSelectFamily'>

/** `addresses` are in native's form, in the order in which they are tried; empty if the host is an address itself. */
export type OnFound = (error: unknown, addresses: string) => void

/**
 * Looks a host up as `net.connect()` does: with the user's function or with the current `dns.lookup()`. Calls back
 * once, at once if the host is an address. `isBound` says that connections come from a given local address; then
 * net.connect() uses only one address. `timeout` is in milliseconds; 0 means no limit.
 */
export function findAddresses(
  host: Host,
  options: LookupOptions,
  isBound: boolean,
  timeout: number,
  onFound: OnFound,
): void {
  if (net.isIP(host.hostname) !== 0) {
    onFound(null, '')
    return
  }
  const { lookup, hints = 0, family, autoSelectFamily } = options
  const isMany = (autoSelectFamily ?? net.getDefaultAutoSelectFamily()) && !family && !isBound
  let isOver = false
  const end = (error: unknown, found: unknown, foundFamily: unknown): void => {
    if (isOver) {
      return
    }
    isOver = true
    clearTimeout(timer)
    const list = isMany ? asList(found) : [{ address: found, family: foundFamily }]
    const addresses = error ? [] : inTurns(list.filter(isValid))
    onFound(error || lookupError(list[0], addresses, host), addresses.join(','))
  }
  const timer =
    timeout === 0
      ? undefined
      : setTimeout(() => end(connectTimedOut(timeout, '', host), undefined, undefined), timeout)
  // The request itself keeps the process alive, so the timer need not.
  timer?.unref()
  const dnsOptions = {
    family,
    hints: hints === 0 && !family ? dns.ADDRCONFIG : hints,
    ...(isMany && { all: true }),
  }
  try {
    ;(lookup ?? dns.lookup)(host.hostname, dnsOptions, end)
  } catch (error) {
    end(error, undefined, undefined)
  }
}

interface Found {
  readonly address?: unknown
  readonly family?: unknown
}

// Reads the result of a user's function as net.connect() does, whatever it is.
function asList(found: unknown): Found[] {
  return Array.from((found ?? []) as ArrayLike<Found>)
}

function isValid(found: Found): found is { address: string; family: 4 | 6 } {
  const { address, family } = found
  return typeof address === 'string' && net.isIP(address) !== 0 && (family === 4 || family === 6)
}

// The order of net.connect(): each address once, the families in turns, beginning with that of the first address.
function inTurns(found: readonly { address: string; family: 4 | 6 }[]): string[] {
  const first = found[0]?.family
  const ours = found.filter(({ family }) => family === first).map(inUrl)
  const others = found.filter(({ family }) => family !== first).map(inUrl)
  const lists = [[...new Set(ours)], [...new Set(others)]] as const
  const longest = Math.max(lists[0].length, lists[1].length)
  return Array.from({ length: longest }, (_, i) =>
    lists.flatMap((list) => list.slice(i, i + 1)),
  ).flat()
}

function inUrl({ address, family }: { address: string; family: 4 | 6 }): string {
  return family === 6 ? `[${address}]` : address
}

// Returns Node's error if no address is usable; else null.
function lookupError(
  found: Found | undefined,
  addresses: readonly string[],
  { hostname: host, port }: Host,
): Error | null {
  if (addresses.length > 0) {
    return null
  }
  const { address, family } = found ?? {}
  if (typeof address === 'string' && net.isIP(address) !== 0) {
    const error = new RangeError(`Invalid address family: ${String(family)} ${host}:${port}`)
    return Object.assign(error, { code: 'ERR_INVALID_ADDRESS_FAMILY', host, port })
  }
  const error = new TypeError(`Invalid IP address: ${String(address)}`)
  return Object.assign(error, { code: 'ERR_INVALID_IP_ADDRESS' })
}
