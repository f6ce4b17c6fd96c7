/** What one trial does, and what it finds. */

export interface Task {
  readonly contender: 'dodici' | 'undici'
  readonly work:
    | {
        readonly kind: 'download'
        readonly url: string
        readonly bytes: number
        readonly file?: string
      }
    | { readonly kind: 'load'; readonly urls: readonly string[]; readonly bytes: number }
  /** a URL of the same server, for a first connection before the measurement */
  readonly warmUpUrl: string
}

export interface Measured {
  readonly seconds: number
  readonly bytes: number
  /** CPU time of the JavaScript thread in microseconds; NaN for other programs */
  readonly jsCpuMicros: number
  /** the most resident memory over that before the work, in bytes; NaN if it is unknown */
  readonly memoryBytes: number
}
