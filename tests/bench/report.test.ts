import { describe, expect, it } from 'vitest'
import { compared } from '../../bench/report/comparison.ts'
import { markdownTable, section, summary } from '../../bench/report/markdown.ts'
import { merged } from '../../bench/report/results.ts'
import type { Results } from '../../bench/report/results.ts'
import { beyondFloors, readFloors } from '../../bench/support/floors.ts'
import { Latency } from '../../bench/support/latency.ts'
import { rowsOf } from '../../bench/support/report.ts'
import { growthOf, curvesOf } from '../../bench/support/series.ts'
import { scenarios } from '../../bench/scenarios/index.ts'
import type { TrialResult } from '../../bench/support/trials.ts'
import { row } from './rows.ts'

const results: Results = {
  machine: '2 × CPU',
  nginx: '1.22.1',
  versions: { undici: '8', dodici: '1' },
  date: '2026-01-01',
  rows: [row({}), row({ scenario: 'h2' })],
}

describe('a scenario’s rows', () => {
  const h1 = scenarios.find(({ name }) => name === 'h1')
  const trial = (client: TrialResult['client'], requests: number): TrialResult => ({
    scenario: 'h1',
    client,
    version: '1',
    seconds: 2,
    requests,
    bytes: 0,
    jsCpuMicros: 1000,
    processCpuMicros: 2000,
    serverCpuMicros: 1000,
    p50Millis: 1,
    p99Millis: 2,
    loopDelayP99Millis: 0,
    peakRssBytes: 1e6,
  })
  const rounds = [100, 200, 400].map((undici) => ({
    undici: trial('undici', undici),
    dodici: trial('dodici', 400),
    others: [trial('impit', 2 * undici)],
  }))

  it('take medians, and ratios round by round', () => {
    const [rate] = h1 ? rowsOf(h1, rounds) : []
    expect(rate).toMatchObject({ column: 'rate', undici: 100, dodici: 200, ratio: 2 })
    expect(rate).toMatchObject({ lowestRatio: 1, highestRatio: 4, reached: true })
    expect(rate?.others).toEqual([{ client: 'impit', value: 200, ratio: 2 }])
  })
})

describe('the table of all results', () => {
  it('has as many cells in each line', () => {
    const rows = [row({}), row({ column: 'jsCpu', unit: 'JS thread, µs/request', ratio: 0.05 })]
    const lines = markdownTable(rows).split('\n')
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1)
    expect(lines).toHaveLength(4)
    expect(lines[2]).toContain('| 1 000 | 2 000 | **2.00x** | 1.90x to 2.10x |')
    expect(lines[3]).toContain('**0.050x**')
  })

  it('names the other clients that took part', () => {
    const others = [{ client: 'impit', value: 1500, ratio: 1.5 }] as const
    expect(section({ ...results, rows: [row({ others })] })).toContain('| impit | 1 500 | 1.50x |')
    expect(section(results)).not.toContain('impit')
  })
})

describe('the short table', () => {
  it('has a line for each scenario that was measured', () => {
    const rows = [row({ ratio: 1.5 }), row({ column: 'jsCpu', ratio: 0.2 })]
    expect(summary(rows, ['h1', 'h2']).split('\n').slice(2)).toEqual([
      '| HTTP/1.1 GET, 50 in flight | 1.50x | 0.20x |',
    ])
  })
})

describe('results of several runs', () => {
  it('stand side by side; a later result replaces an earlier one', () => {
    const later = { ...results, rows: [row({ ratio: 3 })] }
    expect(merged(results, later).rows.map(({ scenario, ratio }) => [scenario, ratio])).toEqual([
      ['h2', 2],
      ['h1', 3],
    ])
  })

  it('do not mix machines or versions', () => {
    const later = { ...results, machine: 'another', rows: [row({})] }
    expect(merged(results, later)).toBe(later)
  })
})

describe('the curves of scale', () => {
  it('compare each point with the lowest', () => {
    const rows = [1, 10, 100].map((at, index) =>
      row({
        scenario: `scale-flight-${at}`,
        column: 'processCpu',
        undici: 10,
        dodici: 5 * (index + 1),
      }),
    )
    const [curve] = curvesOf(rows)
    expect(curve?.points.map(({ at }) => at)).toEqual([1, 10, 100])
    expect(curve && growthOf(curve)).toContain('dodici  1: 1.00x   10: 2.00x   100: 3.00x')
  })
})

describe('floors', () => {
  const floors = { h1: { rate: { atLeast: 0.7 }, jsCpu: { atMost: 0.3 } } }
  const jsCpu = row({ column: 'jsCpu', ratio: 0.2, lowestRatio: 0.2 })
  const rate = (ratio: number, highestRatio: number) => row({ ratio, highestRatio })

  it('belong to scenarios that exist', () => {
    const names = new Set(scenarios.map(({ name }) => name))
    expect(Object.keys(readFloors()).filter((name) => !names.has(name))).toEqual([])
  })

  it('let a ratio pass that is on the right side, even in one round only', () => {
    expect(beyondFloors(floors, [rate(0.8, 0.9), jsCpu])).toEqual([])
    expect(beyondFloors(floors, [rate(0.6, 0.8), jsCpu])).toEqual([])
  })

  it('report ratios on the wrong side, and ratios that were not measured', () => {
    expect(beyondFloors(floors, [rate(0.6, 0.65), jsCpu])).toEqual([
      'h1: requests/s is 0.60x undici’s, not at least 0.7x',
    ])
    expect(beyondFloors(floors, [rate(Number.NaN, Number.NaN), jsCpu])).toHaveLength(1)
    expect(beyondFloors(floors, [row({})])).toHaveLength(1)
  })
})

describe('base and branch', () => {
  const worse = { ratio: 1.5, lowestRatio: 1.4, highestRatio: 1.6 }

  it('differ where no round of one is as good as any of the other', () => {
    const [change] = compared([row({})], [row(worse)])
    expect(change).toMatchObject({ base: 2, branch: 1.5, gain: 0.75, isWorse: true })
  })

  it('do not differ where rounds overlap', () => {
    expect(compared([row({})], [row({ ...worse, highestRatio: 2 })])[0]?.isWorse).toBe(false)
  })

  it('count less CPU as a gain', () => {
    const cpu = { column: 'jsCpu' } as const
    expect(compared([row({ ...cpu, ...worse })], [row(cpu)])[0]?.isWorse).toBe(true)
    expect(compared([row(cpu)], [row({ ...cpu, ...worse })])[0]?.gain).toBeCloseTo(4 / 3)
  })
})

describe('Latency', () => {
  it('gives percentiles to within 4 %', () => {
    const latency = new Latency()
    for (let i = 1; i <= 1000; i += 1) latency.record(i / 10)
    expect(latency.percentile(0.5) / 50).toBeCloseTo(1, 1)
    expect(latency.percentile(0.99) / 99).toBeCloseTo(1, 1)
    latency.reset()
    expect(latency.percentile(0.5)).toBeNaN()
  })

  it('times only one request in a given number', () => {
    const latency = new Latency()
    latency.every = 4
    const starts = Array.from({ length: 8 }, () => latency.start())
    expect(starts.filter((start) => start !== 0)).toHaveLength(2)
  })
})
