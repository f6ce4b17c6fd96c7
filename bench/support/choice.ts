/** Reads the words and numbers of the command line. */
import { parseArgs } from 'node:util'
import { scenarios } from '../scenarios/index.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import type { Schedule } from './trials.ts'

export interface Choice {
  readonly words: readonly string[]
  readonly json: boolean
  readonly report: boolean
  readonly schedule: Schedule
  readonly seconds: number
}

export function readCommandLine(): Choice {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
    },
  })
  const seconds = positive('seconds', values.seconds)
  const rounds = Math.ceil(positive('rounds', values.rounds))
  return {
    words: positionals,
    json: values.json,
    report: values.report,
    schedule: { rounds, warmUpMs: 1000, measureMs: seconds * 1000 },
    seconds,
  }
}

/** Returns the scenarios that the words name; `scale` means all in a series, and no word all others. */
export function choose(words: readonly string[]): readonly Scenario[] {
  const known = (word: string): boolean =>
    word === 'scale' || scenarios.some(({ name }) => name === word)
  const unknown = words.filter((word) => !known(word))
  if (unknown.length > 0) {
    const names = scenarios.filter(({ series }) => !series).map(({ name }) => name)
    console.error(`no scenario named ${unknown.join(', ')}; there are ${names.join(', ')}, scale`)
    process.exit(2)
  }
  if (words.length === 0) return scenarios.filter(({ series }) => !series)
  return scenarios.filter(
    ({ name, series }) => words.includes(name) || (series && words.includes('scale')),
  )
}

export function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) {
    console.error(`--${name} wants a number above 0, not "${text}"`)
    process.exit(2)
  }
  return value
}
