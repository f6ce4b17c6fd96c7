/** Requirements for the table itself. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Expectation } from './row.ts'
import { allRows, http1Rows, http2Rows, rows, webSocketRows } from './table.ts'

const rfcs = new Set([
  '6265',
  '6455',
  '7725',
  '7838',
  '8297',
  '8441',
  '9110',
  '9111',
  '9112',
  '9113',
  '9218',
  '9220',
])
const page = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8')

describe('the table', () => {
  it('has at least 150 rows', () => {
    expect(allRows.length).toBeGreaterThanOrEqual(150)
  })

  it.each([
    ['HTTP/1.1', http1Rows],
    ['HTTP/2', http2Rows],
    ['WebSocket', webSocketRows],
  ])('has no situation of %s twice', (_protocol, some) => {
    const situations = some.map(({ situation }) => situation)
    expect(situations.filter((text, i) => situations.indexOf(text) !== i)).toEqual([])
  })

  it('names an RFC and a clause in each row', () => {
    const wrong = allRows.filter(({ clause }) => {
      const [rfc = ''] = clause.split(' ')
      return !/^\d{4} §\d+(\.\d+){0,3}$/.test(clause) || !rfcs.has(rfc)
    })
    expect(wrong).toEqual([])
  })

  it('has marks only where they contradict what is demanded', () => {
    const idle = rows.filter(({ expected, undici, ours }) =>
      [undici, ours].some((mark) => mark && !contradicts(mark.observed, expected)),
    )
    expect(idle.map(({ situation }) => situation)).toEqual([])
  })

  it('has each row that dodici fails on the page, in the words of its mark', () => {
    const failed = [
      ...rows.map(({ ours, ...row }) => ({ ...row, mark: ours })),
      ...webSocketRows.map(({ both, ...row }) => ({ ...row, mark: both })),
    ].flatMap(({ clause, situation, mark }) =>
      mark ? [`| ${clause} | ${situation} | ${mark.fails} |`] : [],
    )
    expect(page.split('\n').filter((line) => /^\| \d{4} §/.test(line))).toEqual(failed)
  })
})

function contradicts(observed: Expectation | 'harm', expected: Expectation): boolean {
  if (observed === 'harm') return true
  const keys = Object.keys(observed) as (keyof Expectation)[]
  return keys.some((key) => key in expected && !equal(observed[key], expected[key]))
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
