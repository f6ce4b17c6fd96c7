import type * as undici from 'undici'
import { errors } from '../compat/undici.ts'
import { Client, type ClientOptions } from './pool.ts'

const { InvalidArgumentError } = errors

/** Options of `new H2CClient()`: a Client's, without those that choose the protocol. */
export type H2CClientOptions = Omit<ClientOptions, 'allowH2' | 'useH2c'>

/**
 * A Client that speaks HTTP/2 to an `http:` server without asking first, as undici's `H2CClient`. Throws undici's
 * `InvalidArgumentError` for any other protocol, and if `pipelining` is above `maxConcurrentStreams`.
 */
export class H2CClient extends Client {
  constructor(origin: string | URL, options?: H2CClientOptions)
  constructor(origin: string | URL, options?: undici.H2CClient.Options)
  constructor(origin: string | URL, given?: H2CClientOptions | undici.H2CClient.Options) {
    const url = typeof origin === 'string' ? new URL(origin) : origin
    if (url.protocol !== 'http:') {
      throw new InvalidArgumentError('h2c-client: Only h2c protocol is supported')
    }
    const options = (given ?? {}) as H2CClientOptions
    const { maxConcurrentStreams: most } = options
    if (most !== undefined && most !== null && !isPositive(most)) {
      throw new InvalidArgumentError(
        'maxConcurrentStreams must be a positive integer, greater than 0',
      )
    }
    const maxConcurrentStreams = most ?? 100
    const pipelining = isPositive(options.pipelining) ? options.pipelining : 100
    if (pipelining > maxConcurrentStreams) {
      throw new InvalidArgumentError(
        'h2c-client: pipelining cannot be greater than maxConcurrentStreams',
      )
    }
    super(url, { ...options, maxConcurrentStreams, pipelining, allowH2: true, useH2c: true })
  }
}

function isPositive(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0
}

/** The type that undici has under this name. */
export declare namespace H2CClient {
  export type Options = H2CClientOptions
}
