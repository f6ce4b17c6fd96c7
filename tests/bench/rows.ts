import type { Row } from '../../bench/support/report.ts'

/** A row with what a test is about; the rest is plausible. */
export const row = (wanted: Partial<Row>): Row => ({
  scenario: 'h1',
  title: 'HTTP/1.1 GET, 50 in flight',
  column: 'rate',
  unit: 'requests/s',
  undici: 1000,
  dodici: 2000,
  ratio: 2,
  lowestRatio: 1.9,
  highestRatio: 2.1,
  others: [],
  target: undefined,
  reached: undefined,
  ...wanted,
})
