import type { Destination } from '../errors/errors.ts'
import type { PendingRequest } from './pending-request.ts'

/** Where a request goes, as its errors tell it. */
export function destinationOf(request: PendingRequest): Destination {
  const { hostname, port, addresses } = request.origin
  const address = addresses === '' || addresses.includes(',') ? undefined : bare(addresses)
  const { local, proxy } = request.table
  return { hostname, port, servername: request.servername || hostname, address, local, proxy }
}

function bare(address: string): string {
  return address.replaceAll(/^\[|\]$/g, '')
}
