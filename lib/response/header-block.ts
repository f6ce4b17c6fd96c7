import { Buffer } from 'node:buffer'

/** The headers, or trailers, of one response. It keeps little of the rest of its batch alive. */
export class HeaderBlock {
  readonly lengths: Uint32Array
  readonly lengthsAt: number
  readonly count: number
  readonly text: string
  readonly textAt: number

  /**
   * `lengths`, from `lengthsAt` on, has the lengths of `count` names and values; `text`, from `textAt` on, has these.
   */
  constructor(
    lengths: Uint32Array,
    lengthsAt: number,
    count: number,
    text: string,
    textAt: number,
  ) {
    this.lengths = lengths
    this.lengthsAt = lengthsAt
    this.count = count
    this.text = text
    this.textAt = textAt
  }

  /** undici's rawHeaders: name, value, name, value … as Buffers, in the case and order of the wire. */
  raw(): Buffer[] {
    const { lengths, textAt } = this
    const lengthsEnd = this.lengthsAt + 2 * this.count
    let end = textAt
    for (let i = this.lengthsAt; i < lengthsEnd; i++) {
      end += lengths[i] as number
    }
    const bytes = Buffer.from(this.text.slice(textAt, end), 'latin1')
    const result: Buffer[] = []
    let at = 0
    for (let i = this.lengthsAt; i < lengthsEnd; i++) {
      const length = lengths[i] as number
      result.push(bytes.subarray(at, at + length))
      at += length
    }
    return result
  }
}
