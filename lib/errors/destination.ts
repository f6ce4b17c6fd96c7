/** Where a request was going, for the errors that say so. */
export interface Destination {
  /** without the brackets of an IPv6 address */
  readonly hostname: string
  readonly port: number
  /** the name that the certificate had to be for */
  readonly servername: string
  /** the only one that the host was found at */
  readonly address?: string | undefined
  /** where from, as far as the options say */
  readonly local?: LocalEnd | undefined
  /** on the way; it is what the connection is made to */
  readonly proxy?: { readonly hostname: string; readonly port: number } | null
}

/** Empty and 0: any. */
export interface LocalEnd {
  readonly address: string
  readonly port: number
  /** a Unix socket, which everything is reached through; empty: none */
  readonly socketPath: string
}
