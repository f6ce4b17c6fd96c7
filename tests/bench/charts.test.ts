// Our own code writes the charts, so a test reads them as a browser does: they must be well-formed and drawn to scale.
import { describe, expect, it } from 'vitest'
import { barChart } from '../../bench/report/bars.ts'
import { scenarios } from '../../bench/scenarios/index.ts'
import { curveChart } from '../../bench/report/curves.ts'

interface Tag {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** All elements of a document; throws where tags do not match or text is not escaped. */
function parse(markup: string): Tag[] {
  const tags: Tag[] = []
  const open: string[] = []
  const rest = markup.replaceAll(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<>]*")*)(\/?)>/g,
    (_, closing: string, name: string, attributes: string, empty: string) => {
      if (closing) {
        expect(open.pop()).toBe(name)
        return ''
      }
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)]
      tags.push({
        name,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, value])),
      })
      if (!empty) open.push(name)
      return ''
    },
  )
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot);)/)
  return tags
}

const byClass = (tags: Tag[], className: string): Record<string, string>[] =>
  tags.map(({ attributes }) => attributes).filter((attributes) => attributes['class'] === className)

describe('a scenario’s title', () => {
  it('has room beside its bar', () => {
    const long = scenarios.filter(({ title, series }) => !series && title.length > 46)
    expect(long.map(({ title }) => title)).toEqual([])
  })
})

describe('barChart()', () => {
  const chart = barChart({
    title: 'A < B & "C"',
    subtitle: 'on this machine',
    panels: ['rate', 'CPU'],
    rows: [
      { label: 'one', ratios: [4, 0.25] },
      { label: 'two', ratios: [2, undefined] },
    ],
  })

  it('is a well-formed document, whatever its texts hold', () => {
    expect(parse(chart)[0]?.name).toBe('svg')
    expect(chart).toContain('A &lt; B &amp; &quot;C&quot;')
  })

  it('draws bars to scale, against a line at 1', () => {
    const tags = parse(chart)
    const widths = byClass(tags, 'ours').map(({ width }) => Number(width))
    const lines = byClass(tags, 'line').map(({ x1 }) => Number(x1))
    const lefts = byClass(tags, 'ours').map(({ x }) => Number(x))
    expect(widths).toHaveLength(3)
    const [four = 0, two = 0, quarter = 0] = widths
    expect(two / four).toBeCloseTo(1 / 2, 2)
    const [rateLine = 0, cpuLine = 0] = lines
    expect((rateLine - (lefts[0] ?? 0)) / four).toBeCloseTo(1 / 4, 2)
    expect(quarter / (cpuLine - (lefts[2] ?? 0))).toBeCloseTo(1 / 4, 2)
  })

  it('writes each ratio beside its bar, and nothing where there is none', () => {
    expect([...chart.matchAll(/>([\d.]+x)</g)].map(([, text]) => text)).toEqual([
      '4.00x',
      '2.00x',
      '0.25x',
    ])
  })
})

describe('curveChart()', () => {
  const points = [
    { at: 1, undici: 20, dodici: 10 },
    { at: 10, undici: 20, dodici: 20 },
    { at: 100, undici: 40, dodici: 10 },
  ]
  const chart = curveChart('CPU', 'here', [{ name: 'flight', title: 'in flight', points }])
  const curve = (client: string): number[][] =>
    (byClass(parse(chart), `curve ${client}`)[0]?.['points'] ?? '')
      .split(' ')
      .map((pair) => pair.split(',').map(Number))

  it('spaces powers of ten evenly, and costs by their size', () => {
    const [[x0 = 0, y20 = 0] = [], [x1 = 0] = [], [x2 = 0, y40 = 0] = []] = curve('undici')
    expect(x2 - x1).toBeCloseTo(x1 - x0, 0)
    const [[, y10 = 0] = []] = curve('dodici')
    expect(y20 - y40).toBeCloseTo(2 * (y10 - y20), 0)
    expect(y40).toBeLessThan(y20)
  })

  it('has lines at round costs', () => {
    expect([...chart.matchAll(/>(\d+) µs</g)].map(([, cost]) => Number(cost))).toEqual([
      0, 10, 20, 30, 40,
    ])
  })
})
