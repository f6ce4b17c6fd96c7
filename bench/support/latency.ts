/** A histogram of latencies in buckets of a sixteenth of an octave: 4 % is exact enough, and cheap to count. */
const kPerOctave = 16
const kOctaves = 32

export class Latency {
  readonly #buckets = new Uint32Array(kPerOctave * kOctaves)
  #starts = 0
  /** One in `every` requests is timed, because reading the clock twice takes a few percent of a request's cost. */
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

  /** Returns milliseconds; `share` is from 0 to 1. NaN if nothing was timed. */
  percentile(share: number): number {
    const count = this.#buckets.reduce((sum, each) => sum + each, 0)
    if (count === 0) return Number.NaN
    let rest = Math.ceil(count * share)
    const bucket = this.#buckets.findIndex((each) => (rest -= each) <= 0)
    return 2 ** ((bucket + 0.5) / kPerOctave) / 1000
  }
}
