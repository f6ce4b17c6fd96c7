import { errors } from '../compat/undici.ts'
import { bareHost, parseOrigin } from './origin-url.ts'

const { InvalidArgumentError } = errors

/** Spellings of origins that are kept parsed; a crawler's endless origins must not fill the memory. */
const mostSpellings = 1024

/** One scheme, host and port, with what is counted for it. */
export class Origin {
  // Constant after construction.
  readonly url: URL
  /** `https://host:port`, the port always there: the name that native knows it by */
  readonly key: string
  /** how a request's text begins */
  readonly textStart: string
  /** the header that names it */
  readonly hostLine: string
  readonly isTls: boolean
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number

  /** requests that native has not ended */
  inFlight = 0
  /** connections that are ready */
  connected = 0
  /** a dispatch returned false since the last `drain` */
  drainOwed = false
  speaksHttp2 = false
  /** of the last look-up, as native takes them; AddressLookup's */
  addresses = ''
  /** counted for `maxOrigins` and listed in `stats` */
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

/** Owner of all origins of an Agent: finds one by any spelling, forgets those that nothing refers to. */
export class Origins {
  readonly #bySpelling = new Map<string, Origin>()
  readonly #byKey = new Map<string, Origin>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Throws as undici does when `origin` is none, or one too many. It counts from `register()` on. */
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

  /** By native's name for it, also when it was forgotten meanwhile. */
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

  /** To be called whenever a count of `origin` went down. */
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
