/** Checks that a client obeys its windows. */
export class WindowCheck {
  readonly #violate: (what: string) => void
  /** What each stream may still send; a smaller initial window may make it negative. */
  readonly #streams = new Map<number, number>()
  #connection = 65_535
  /** The initial window that the client has acknowledged. */
  initial = 65_535

  constructor(violate: (what: string) => void) {
    this.#violate = violate
  }

  open(stream: number): void {
    this.#streams.set(stream, this.initial)
  }

  close(stream: number): void {
    this.#streams.delete(stream)
  }

  /** Stream 0 is the connection. */
  grant(stream: number, bytes: number): void {
    const left = this.#streams.get(stream)
    if (stream === 0) this.#connection += bytes
    else if (left !== undefined) this.#streams.set(stream, left + bytes)
  }

  /** The client has acknowledged another initial window, which also applies to open streams. */
  setInitial(size: number): void {
    for (const [stream, left] of this.#streams)
      this.#streams.set(stream, left + size - this.initial)
    this.initial = size
  }

  /** `more` is by how much windows were raised without the client's acknowledgement. */
  receive(stream: number, bytes: number, more: number): void {
    this.#connection -= bytes
    if (this.#connection < 0) this.#violate('more than the window of the connection')
    const left = this.#streams.get(stream)
    if (left === undefined || bytes === 0) return
    this.#streams.set(stream, left - bytes)
    if (left + more < bytes)
      this.#violate(`stream ${stream} sent ${bytes} bytes into a window of ${left}`)
  }
}
