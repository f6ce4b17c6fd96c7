import type { Origin } from '../origins/origins.ts'

/** Of one origin, at the moment of asking. */
export interface OriginStats {
  /** connections */
  connected: number
  /** connections without a request */
  free: number
  /** requests that wait for a connection */
  pending: number
  queued: number
  /** requests that have one */
  running: number
  /** all requests */
  size: number
}

/** How many requests of an origin run at once, by the options `connections` and `maxConcurrentStreams`. */
export class OriginCapacity {
  /** connections per origin; 0: no limit */
  readonly #connections: number
  readonly #streams: number

  constructor(connections: number, streams: number) {
    this.#connections = connections
    this.#streams = streams
  }

  /** Whether a further request would run at once. */
  hasRoom(origin: Origin): boolean {
    return this.#connections === 0 || origin.inFlight < this.#of(origin)
  }

  stats(origin: Origin): OriginStats {
    const { inFlight: size, connected } = origin
    const running = this.#connections === 0 ? size : Math.min(size, this.#of(origin))
    const pending = size - running
    const free = Math.max(connected - running, 0)
    return { connected, free, pending, queued: pending, running, size }
  }

  // HTTP/2 serves many requests on each connection.
  #of(origin: Origin): number {
    return origin.speaksHttp2 ? this.#connections * this.#streams : this.#connections
  }
}
