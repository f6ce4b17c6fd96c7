interface Entry {
  readonly hostname: string
  /** 0: any */
  readonly port: number
  /** `*.a.test`, which is not a.test itself */
  readonly isWildcard: boolean
}

/** What `no_proxy` excepts, in undici's reading of it; parsed again when the variable has changed. */
export class NoProxy {
  /** undefined: the variable is read */
  readonly #given: string | undefined
  #text: string | undefined
  #entries: Entry[] = []

  constructor(given?: string) {
    this.#given = given
  }

  excepts(url: URL): boolean {
    const text = this.#given ?? process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? ''
    if (text !== this.#text) {
      this.#text = text
      this.#entries = text
        .split(/[,\s]/)
        .filter((part) => part !== '')
        .map(parseEntry)
    }
    if (this.#entries.length === 0) {
      return false
    }
    const hostname = withoutLastDot(withoutBrackets(url.hostname)).toLowerCase()
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    return this.#entries.some((entry) => matches(entry, hostname, port))
  }
}

function matches(entry: Entry, hostname: string, port: number): boolean {
  if (entry.port !== 0 && entry.port !== port) {
    return false
  }
  return (
    entry.hostname === '*' ||
    (!entry.isWildcard && hostname === entry.hostname) ||
    hostname.endsWith(`.${entry.hostname}`)
  )
}

// "host", "host:80", ".host", "*.host", "*", "::1", "[::1]", "[::1]:80"
function parseEntry(text: string): Entry {
  const isPlainIpv6 = !text.startsWith('[') && text.split(':').length > 2
  const [, host = text, port = '0'] = isPlainIpv6 ? [] : (/^(.+):(\d+)$/.exec(text) ?? [])
  const isBracketed = /^\[.+\]$/.test(host)
  // "[a:80]" has its port inside.
  const [, innerHost = withoutBrackets(host), innerPort = port] =
    isBracketed && host === text ? (/^\[([^:]+):(\d+)\]$/.exec(host) ?? []) : []
  return {
    hostname: withoutLastDot(innerHost.replace(/^\*?\./, '')).toLowerCase(),
    port: Number.parseInt(innerPort, 10),
    isWildcard: text.startsWith('*'),
  }
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.+)\]$/, '$1')
}

function withoutLastDot(host: string): string {
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host
}
