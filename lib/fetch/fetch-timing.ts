import { performance } from 'node:perf_hooks'

/** A function of Node that its types leave out. */
type MarkResourceTiming = (
  info: object,
  url: string,
  initiatorType: string,
  global: object,
  cacheMode: string,
  bodyInfo: string,
  status: number,
) => void
const { markResourceTiming } = performance as unknown as { markResourceTiming?: MarkResourceTiming }

/** Makes the entry of one call in `performance.getEntriesByType('resource')`. */
export class FetchTiming {
  /** bytes of the body as they were received from the dispatcher */
  bodySize = 0
  /** the same before decoding, if native has decoded them */
  encodedBodySize: number | undefined
  status = 0
  readonly #url: string
  readonly #start: number
  #redirectEnd = 0
  #response = 0

  constructor(url: string) {
    this.#url = url
    this.#start = performance.now()
  }

  onRedirect(): void {
    this.#redirectEnd = performance.now()
  }

  onResponse(): void {
    this.#response = performance.now()
  }

  /** Call this when the body is complete. */
  report(): void {
    if (markResourceTiming === undefined) {
      return
    }
    const begin = this.#redirectEnd || this.#start
    const info = {
      startTime: this.#start,
      redirectStartTime: this.#redirectEnd === 0 ? 0 : this.#start,
      redirectEndTime: this.#redirectEnd,
      postRedirectStartTime: begin,
      finalServiceWorkerStartTime: 0,
      finalNetworkRequestStartTime: begin,
      finalNetworkResponseStartTime: this.#response,
      endTime: performance.now(),
      encodedBodySize: this.encodedBodySize ?? this.bodySize,
      decodedBodySize: this.bodySize,
      finalConnectionTimingInfo: {
        domainLookupStartTime: begin,
        domainLookupEndTime: begin,
        connectionStartTime: begin,
        connectionEndTime: begin,
        secureConnectionStartTime: begin,
        ALPNNegotiatedProtocol: undefined,
      },
    }
    markResourceTiming(info, this.#url, 'fetch', globalThis, '', '', this.status)
  }
}
