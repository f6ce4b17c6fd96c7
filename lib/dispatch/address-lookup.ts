// The modules themselves: a program may put its own `dns.lookup` there.
import dns from 'node:dns'
import net from 'node:net'
import { connectTimedOut } from '../errors/connect-errors.ts'
import type { ConnectOptions } from '../options/connect-options.ts'

/** An origin, or a proxy. */
export interface Host {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
}

/** What of `connect` says how a host is found. */
export type LookupOptions = Pick<ConnectOptions, 'lookup' | 'hints' | 'family' | 'autoSelectFamily'>

/** `addresses` as native takes them, in the order in which they are tried; empty: the host is an address. */
export type OnFound = (error: unknown, addresses: string) => void

/**
 * Finds a host as `net.connect()` does: by the user's function, or by what `dns.lookup()` is at that moment. Calls back once,
 * for an address at once. `isBound`: connections come from a given address, for which net.connect() takes only one.
 * `timeout` in milliseconds; 0: none.
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
    onFound(error || complaint(list[0], addresses, host), addresses.join(','))
  }
  const timer =
    timeout === 0
      ? undefined
      : setTimeout(() => end(connectTimedOut(timeout, '', host), undefined, undefined), timeout)
  // The request keeps the process alive, as long as somebody waits for it.
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

// Whatever a function of the user's calls back with, as net.connect() reads it.
function asList(found: unknown): Found[] {
  return Array.from((found ?? []) as ArrayLike<Found>)
}

function isValid(found: Found): found is { address: string; family: 4 | 6 } {
  const { address, family } = found
  return typeof address === 'string' && net.isIP(address) !== 0 && (family === 4 || family === 6)
}

// As net.connect() tries them: each once, the family of the first one first, and then the families in turns.
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

// null: there is nothing to complain of.
function complaint(
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
