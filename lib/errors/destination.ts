/** Where a request was going; some errors name it. */
export interface Destination {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
  /** the name that the certificate had to be for */
  readonly servername: string
  /** the host's address, if it has only one */
  readonly address?: string | undefined
  /** the local end, if the options name one */
  readonly local?: LocalEnd | undefined
  /** the proxy that the connection is made to, if there is one */
  readonly proxy?: { readonly hostname: string; readonly port: number } | null
}

/** An empty address and port 0 mean any. */
export interface LocalEnd {
  readonly address: string
  readonly port: number
  /** the Unix socket that all requests go through; empty if there is none */
  readonly socketPath: string
}
