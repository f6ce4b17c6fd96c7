/** Seeded random numbers, so that a run can be repeated: `DODICI_TEST_SEED=n` sets the seed. */

export interface Random {
  /** From 0 to below `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  /** True in `share` of all calls. */
  chance(share: number): boolean
}

/** Returns the run's seed, and prints it with its purpose. */
export function seedOf(what: string): number {
  const seed = Number(process.env['DODICI_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${what}: DODICI_TEST_SEED=${seed}`)
  return seed
}

/** Mulberry32. Other `words` make an independent sequence, whatever else was drawn before. */
export function random(seed: number, ...words: number[]): Random {
  let state = words.reduce((sum, word) => Math.imul(sum ^ (word + 1), 0x9e3779b1), seed) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    chance: (share) => next() < share,
  }
}
