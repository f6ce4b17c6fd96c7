/** A bar for each scenario and panel: the ratio to undici, which is the line at 1. */
import { times } from '../support/format.ts'
import { element, svg, textAt } from './svg.ts'

export interface Bars {
  readonly title: string
  readonly subtitle: string
  /** Headings, one for each ratio of a bar's row. */
  readonly panels: readonly string[]
  readonly rows: readonly BarRow[]
}

export interface BarRow {
  readonly label: string
  /** undefined if there is nothing to show in that panel. */
  readonly ratios: readonly (number | undefined)[]
}

const kWidth = 960
const kTop = 88
const kRow = 30
const kBar = 16
const kLabels = 350
/** Space between panels, for the figure after the longest bar. */
const kGap = 64

export function barChart({ title, subtitle, panels, rows }: Bars): string {
  const height = kTop + rows.length * kRow + 16
  const panelWidth = (kWidth - kLabels) / panels.length - kGap
  const parts = [textAt(20, 30, title, 'title'), textAt(20, 50, subtitle, 'small')]
  rows.forEach(({ label }, index) => {
    parts.push(textAt(kLabels - 12, middleOf(index) + 5, label, 'end'))
  })
  panels.forEach((heading, panel) => {
    const left = kLabels + panel * (panelWidth + kGap)
    const ratios = rows.map(({ ratios }) => ratios[panel])
    // The line at 1 is always visible.
    const scale = panelWidth / Math.max(1, ...ratios.map((ratio) => ratio ?? 0))
    parts.push(textAt(left, kTop - 14, heading, 'small'))
    ratios.forEach((ratio, index) => {
      if (ratio === undefined) return
      const width = Math.max(1, ratio * scale)
      const y = middleOf(index) - kBar / 2
      const bar = { class: 'ours', x: left, y, width, height: kBar, rx: 2 }
      parts.push(element('rect', bar), textAt(left + width + 6, middleOf(index) + 5, times(ratio)))
    })
    const [y1, y2] = [kTop - 6, height - 12]
    const x = left + scale
    parts.push(element('line', { class: 'line', x1: x, x2: x, y1, y2, 'stroke-dasharray': '3 3' }))
  })
  return svg(kWidth, height, `${title}. ${subtitle}`, parts)
}

const middleOf = (index: number): number => kTop + index * kRow + kRow / 2
