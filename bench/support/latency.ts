/** How long requests took, in buckets a sixteenth of an octave wide: 4 % are exact enough, and cost little to count. */
const kPerOctave = 16
const kOctaves = 32

export class Latency {
  readonly #buckets = new Uint32Array(kPerOctave * kOctaves)
  #starts = 0
  /** One in so many requests is timed: two looks at the clock are a few percent of what a request costs. */
  every = 1

  /** The time now in milliseconds, or 0 for a request that is not timed. */
  start(): number {
    this.#starts += 1
    return this.#starts % this.every === 0 ? performance.now() : 0
  }

  end(startedAt: number): void {
    if (startedAt !== 0) this.record(performance.now() - startedAt)
  }

  record(milliseconds: number): void {
    const bucket = Math.floor(Math.log2(Math.max(1, milliseconds * 1000)) * kPerOctave)
    const last = this.#buckets.length - 1
    this.#buckets[Math.min(bucket, last)] = (this.#buckets[Math.min(bucket, last)] ?? 0) + 1
  }

  reset(): void {
    this.#buckets.fill(0)
  }

  /** Milliseconds; `share` from 0 to 1. NaN when nothing was timed. */
  percentile(share: number): number {
    const count = this.#buckets.reduce((sum, each) => sum + each, 0)
    if (count === 0) return Number.NaN
    let rest = Math.ceil(count * share)
    const bucket = this.#buckets.findIndex((each) => (rest -= each) <= 0)
    return 2 ** ((bucket + 0.5) / kPerOctave) / 1000
  }
}
