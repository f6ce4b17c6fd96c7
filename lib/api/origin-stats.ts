import type { Origin } from '../origins/origins.ts'

/** The connections and requests of one origin, at this moment. */
export interface OriginStats {
  /** connections */
  connected: number
  /** connections without a request */
  free: number
  /** requests that wait for a connection */
  pending: number
  queued: number
  /** requests that have a connection */
  running: number
  /** all requests */
  size: number
}

/** How many requests of an origin may run at once; the options `connections` and `maxConcurrentStreams` say so. */
export class OriginCapacity {
  /** connections per origin; 0: no limit */
  readonly #connections: number
  readonly #streams: number

  constructor(connections: number, streams: number) {
    this.#connections = connections
    this.#streams = streams
  }

  /** Whether one more request would not have to wait. */
  hasRoom(origin: Origin): boolean {
    return this.#connections === 0 || origin.inFlight < this.#limitOf(origin)
  }

  stats(origin: Origin): OriginStats {
    const { inFlight: size, connected } = origin
    const running = this.#connections === 0 ? size : Math.min(size, this.#limitOf(origin))
    const pending = size - running
    const free = Math.max(connected - running, 0)
    return { connected, free, pending, queued: pending, running, size }
  }

  // HTTP/2 serves many requests on each connection.
  #limitOf(origin: Origin): number {
    return origin.speaksHttp2 ? this.#connections * this.#streams : this.#connections
  }
}
