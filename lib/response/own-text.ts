// In V8 a slice of 13 characters or more is a view, which keeps the whole text alive.
const shortestView = 13

/** Returns a part of `text` that does not keep the rest alive. */
export function ownText(text: string, start: number, end: number): string {
  if (end - start < shortestView) {
    return text.slice(start, end)
  }
  // join() of three parts copies them, at half the cost of a Buffer. Of two parts, or of a single non-empty one, V8
  // keeps the views.
  const middle = start + shortestView - 1
  return [text.slice(start, middle), text.slice(middle, end), ''].join('')
}

const pieceLength = 512

/**
 * Copies a batch's text piece by piece. A slice keeps only its piece alive. A copy costs as much as four slices, so one
 * piece serves several heads.
 */
export class TextPieces {
  readonly #text: string
  /** the position of `piece` in the text */
  start = 0
  piece: string

  constructor(text: string) {
    this.#text = text
    this.piece = text.length <= pieceLength ? text : ''
  }

  /** Makes `piece` contain at least this part of the text. */
  take(start: number, end: number): void {
    if (start < this.start || end > this.start + this.piece.length) {
      const pieceEnd = Math.max(end, Math.min(start + pieceLength, this.#text.length))
      this.piece = ownText(this.#text, start, pieceEnd)
      this.start = start
    }
  }
}
