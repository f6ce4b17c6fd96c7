/** Thins out what would be told too often. */
export class OncePerSecond {
  #next = 0

  /** What comes in the first second is not told. */
  start(): void {
    this.#next = performance.now() + 1000
  }

  isDue(): boolean {
    const now = performance.now()
    if (now < this.#next) {
      return false
    }
    this.#next = now + 1000
    return true
  }
}
