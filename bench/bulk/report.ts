/** Medians, ratios and tables. */
import { table } from '../report/markdown.ts'
import { number, times } from '../support/format.ts'
import { median } from '../support/report.ts'
import type { Case, Contender, Figure, Target } from './cases.ts'
import type { Measured } from './task.ts'

export interface Round extends Measured {
  readonly case: string
  readonly contender: Contender
  readonly round: number
}

export interface Judgement {
  readonly title: string
  readonly target: Target
  /** dodici's ratio, round by round, or its figure; the median, the lowest and the highest */
  readonly value: number
  readonly lowest: number
  readonly highest: number
  /** undefined if the other contender is not there */
  readonly isReached: boolean | undefined
}

const read: Record<Figure, (round: Round) => number> = {
  rate: ({ bytes, seconds }) => bytes / seconds,
  jsCpu: ({ jsCpuMicros, bytes }) => jsCpuMicros / bytes,
  memory: ({ memoryBytes }) => memoryBytes,
}

/** What dodici has reached of a case's targets. */
export function judge(each: Case, rounds: readonly Round[]): Judgement[] {
  const own = roundsOf(each, 'dodici', rounds)
  return each.targets.map((target) => {
    const figure = read[target.figure]
    const { to } = target
    const others = to === undefined ? undefined : roundsOf(each, to, rounds)
    const values = own.flatMap((round, index) => {
      const other = others?.[index]
      if (others === undefined) return [figure(round)]
      return other === undefined ? [] : [figure(round) / figure(other)]
    })
    const value = median(values)
    const { atLeast = 0, atMost = Infinity } = target
    return {
      title: each.title,
      target,
      value,
      lowest: Math.min(...values),
      highest: Math.max(...values),
      isReached: Number.isFinite(value) ? value >= atLeast && value <= atMost : undefined,
    }
  })
}

export function resultTable(chosen: readonly Case[], rounds: readonly Round[]): string {
  const lines = chosen.flatMap((each) =>
    each.contenders.flatMap((contender) => {
      const own = roundsOf(each, contender, rounds)
      if (own.length === 0) return []
      const medianOf = (figure: (round: Round) => number): string => number(median(own.map(figure)))
      const megabytes = medianOf((round) => read.rate(round) / 1e6)
      const jsCpu = medianOf((round) => read.jsCpu(round) * 1e6)
      return [[each.title, contender, megabytes, jsCpu, medianOf((one) => one.memoryBytes / 1e6)]]
    }),
  )
  const heads = ['', '', 'MB/s', 'JS thread, ms per GB', 'memory over base, MB']
  return table(
    heads,
    lines.map(([title = '', ...rest], at) => [title === lines[at - 1]?.[0] ? '' : title, ...rest]),
  )
}

const names: Record<Figure, string> = {
  rate: 'rate',
  jsCpu: 'CPU of the JavaScript thread',
  memory: 'memory over base',
}

export function judgementTable(judgements: readonly Judgement[]): string {
  const lines = judgements.map(({ title, target, value, lowest, highest, isReached }, at) => {
    const { figure, to, atLeast, atMost } = target
    const shown = (one: number): string =>
      to === undefined ? `${number(one / 1e6)} MB` : times(one)
    return [
      title === judgements[at - 1]?.title ? '' : title,
      to === undefined ? names[figure] : `${names[figure]}, to ${to}`,
      `**${shown(value)}**`,
      isReached === undefined ? '–' : `${shown(lowest)} to ${shown(highest)}`,
      atLeast === undefined ? `<= ${shown(atMost ?? Infinity)}` : `>= ${shown(atLeast)}`,
      isReached === undefined ? 'not measured' : isReached ? 'reached' : 'MISSED',
    ]
  })
  return table(['', 'dodici', '', 'in the rounds', 'target', ''], lines)
}

function roundsOf(each: Case, contender: Contender, rounds: readonly Round[]): Round[] {
  return rounds.filter((round) => round.case === each.name && round.contender === contender)
}
