import type { Buffer } from 'node:buffer'
import { rawHeaders } from './response-headers.ts'

/** The headers of one response as its batch has them. Whoever asks for `rawHeaders` gets them made of it. */
export class HeaderBlock {
  readonly #words: Uint32Array
  readonly #lengthsAt: number
  readonly #count: number
  readonly #text: string
  readonly #textAt: number

  /** From `lengthsAt` on `words` has the lengths of `count` names and values, and `text` has these from `textAt` on. */
  constructor(words: Uint32Array, lengthsAt: number, count: number, text: string, textAt: number) {
    this.#words = words
    this.#lengthsAt = lengthsAt
    this.#count = count
    this.#text = text
    this.#textAt = textAt
  }

  raw(): Buffer[] {
    return rawHeaders(this.#words, this.#lengthsAt, this.#count, this.#text, this.#textAt)
  }
}
