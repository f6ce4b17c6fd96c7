interface Entry {
  readonly hostname: string
  /** 0 means any port */
  readonly port: number
  /** `*.a.test` does not match a.test itself */
  readonly isWildcard: boolean
}

/** The hosts that `no_proxy` excepts, as undici reads it. The variable is parsed again when it has changed. */
export class NoProxy {
  /** undefined if the variable is to be read */
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
  // In "[a:80]" the port stands inside the brackets.
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
