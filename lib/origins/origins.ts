import { errors } from '../compat/undici.ts'
import { bareHost, parseOrigin } from './origin-url.ts'

const { InvalidArgumentError } = errors

/** How many spellings of origins are kept parsed. There is a limit because a crawler uses endlessly many. */
const mostSpellings = 1024

/** One scheme, host and port, with its counts. */
export class Origin {
  // Constant after construction.
  readonly url: URL
  /** native's name of the origin: `https://host:port`, always with the port */
  readonly key: string
  /** the start of a request's text */
  readonly textStart: string
  /** its `host` header */
  readonly hostLine: string
  readonly isTls: boolean
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number

  /** requests that native has not ended */
  inFlight = 0
  /** connections that are ready */
  connected = 0
  /** whether a dispatch() has returned false since the last `drain` */
  drainOwed = false
  speaksHttp2 = false
  /** result of the last look-up, in native's form; set by AddressLookup */
  addresses = ''
  /** whether it counts for `maxOrigins` and is listed in `stats` */
  registered = false

  constructor(url: URL) {
    this.url = url
    this.isTls = url.protocol === 'https:'
    this.hostname = bareHost(url.hostname)
    this.port = Number(url.port) || (this.isTls ? 443 : 80)
    this.key = `${url.protocol}//${url.hostname}:${this.port}`
    this.textStart = `${this.key}\0`
    this.hostLine = `host: ${url.host}\0`
  }
}

/** Owns all origins of an Agent. Finds one by any spelling of it, and forgets those that are no longer used. */
export class Origins {
  readonly #bySpelling = new Map<string, Origin>()
  readonly #byKey = new Map<string, Origin>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Throws undici's error if `origin` is not an origin, or if there are too many. An origin counts from `register()`
   * on.
   */
  find(origin: unknown): Origin {
    const spelling = typeof origin === 'string' ? origin : origin instanceof URL ? origin.href : ''
    if (spelling === '') {
      throw new InvalidArgumentError('opts.origin must be a non-empty string or URL.')
    }
    const found = this.#bySpelling.get(spelling)
    return found !== undefined && found.registered ? found : this.#add(spelling)
  }

  register(origin: Origin): void {
    if (!origin.registered) {
      origin.registered = true
      this.#byKey.set(origin.key, origin)
    }
  }

  /** Finds an origin by native's name of it, or makes it if it was forgotten meanwhile. */
  ensure(key: string): Origin {
    let origin = this.#byKey.get(key)
    if (origin === undefined) {
      origin = new Origin(new URL(key))
      this.register(origin)
    }
    return origin
  }

  all(): Iterable<Origin> {
    return this.#byKey.values()
  }

  /** Call this whenever a count of `origin` has gone down. */
  forgetIfUnused(origin: Origin): void {
    if (origin.inFlight === 0 && origin.connected === 0 && !origin.drainOwed) {
      origin.registered = false
      this.#byKey.delete(origin.key)
    }
  }

  #add(spelling: string): Origin {
    const parsed = this.#bySpelling.get(spelling) ?? new Origin(parseOrigin(spelling))
    const origin = this.#byKey.get(parsed.key) ?? parsed
    if (!origin.registered && this.#byKey.size >= this.#most) {
      throw new errors.MaxOriginsReachedError()
    }
    if (this.#bySpelling.size >= mostSpellings) {
      this.#bySpelling.clear()
    }
    this.#bySpelling.set(spelling, origin)
    return origin
  }
}
