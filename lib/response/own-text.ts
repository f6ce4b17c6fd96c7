// V8 makes a slice of 13 characters or more a view of the whole text, which lives as long as the view does.
const shortestView = 13

/** A part of `text` that does not keep the rest of it alive. */
export function ownText(text: string, start: number, end: number): string {
  if (end - start < shortestView) {
    return text.slice(start, end)
  }
  // Joining three copies them at half of what a Buffer costs. Of two, or of one that is not empty, V8 keeps the views.
  const middle = start + shortestView - 1
  return [text.slice(start, middle), text.slice(middle, end), ''].join('')
}

const pieceLength = 512

/**
 * A batch's text in pieces that are copies. Slices of a piece keep no more than that alive, and a copy costs as much as
 * four slices, so it serves several heads.
 */
export class TextPieces {
  readonly #text: string
  /** where `piece` begins in the text */
  start = 0
  piece: string

  constructor(text: string) {
    this.#text = text
    this.piece = text.length <= pieceLength ? text : ''
  }

  /** Lets `piece` have at least this part. */
  take(start: number, end: number): void {
    if (start < this.start || end > this.start + this.piece.length) {
      const pieceEnd = Math.max(end, Math.min(start + pieceLength, this.#text.length))
      this.piece = ownText(this.#text, start, pieceEnd)
      this.start = start
    }
  }
}
