import { Readable } from 'node:stream'

/** Gives the bytes of a native download to a Readable, as fast as its reader takes them. */
export class DownloadFeed {
  readonly readable: Readable
  #read: (() => Buffer | undefined) | undefined
  #isWanted = false

  constructor() {
    this.readable = new Readable({
      highWaterMark: 256 * 1024,
      read: () => {
        this.#isWanted = true
        this.onReadable()
      },
    })
  }

  /** The next bytes come from here. */
  connect(read: () => Buffer | undefined): void {
    this.#read = read
    this.onReadable()
  }

  /** There may be bytes. */
  onReadable(): void {
    while (this.#isWanted && !this.readable.destroyed) {
      const chunk = this.#read?.()
      if (chunk === undefined) {
        return
      }
      this.#isWanted = this.readable.push(chunk)
    }
  }

  /** All bytes have been read. */
  end(): void {
    this.readable.push(null)
  }
}
