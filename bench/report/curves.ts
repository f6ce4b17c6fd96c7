/** A chart of a request's cost in microseconds against a number of something, in powers of ten. */
import type { Curve } from '../support/series.ts'
import { number } from '../support/format.ts'
import { element, svg, textAt } from './svg.ts'

const kWidth = 900
const kHeight = 360
const kLeft = 70
const kTop = 80
const kBottom = kHeight - 50
const kGap = 80
/** Horizontal lines above 0. */
const kSteps = 4

export function curveChart(title: string, subtitle: string, panels: readonly Curve[]): string {
  const width = (kWidth - kLeft - 20 - kGap * (panels.length - 1)) / panels.length
  const parts = [textAt(20, 30, title, 'title'), textAt(20, 50, subtitle, 'small')]
  panels.forEach((curve, index) => {
    parts.push(...panel(curve, kLeft + index * (width + kGap), width))
  })
  return svg(kWidth, kHeight, `${title}. ${subtitle}`, parts)
}

function panel({ title, points }: Curve, left: number, width: number): string[] {
  const x = logarithmic(points, left, left + width)
  const step = niceStep(Math.max(...points.flatMap(({ undici, dodici }) => [undici, dodici])))
  const y = (cost: number): number => kBottom - (cost / (step * kSteps)) * (kBottom - kTop)
  const parts: string[] = []
  for (let i = 0; i <= kSteps; i += 1) {
    const height = y(i * step)
    parts.push(
      element('line', { class: 'grid', x1: left, x2: left + width, y1: height, y2: height }),
      textAt(left - 8, height + 4, `${number(i * step)} µs`, 'small end'),
    )
  }
  for (const { at } of points) parts.push(textAt(x(at), kBottom + 18, number(at), 'small middle'))
  parts.push(textAt(left + width / 2, kBottom + 38, title, 'small middle'))
  for (const client of ['undici', 'dodici'] as const) {
    const path = points.map((point) => `${x(point.at).toFixed(1)},${y(point[client]).toFixed(1)}`)
    parts.push(element('polyline', { class: `curve ${client}`, points: path.join(' ') }))
    for (const point of points) {
      parts.push(
        element('circle', { class: `dot ${client}`, cx: x(point.at), cy: y(point[client]), r: 3 }),
      )
    }
    const last = points.at(-1)
    if (last) parts.push(textAt(x(last.at) - 6, y(last[client]) - 8, client, 'end'))
  }
  return parts
}

function logarithmic(points: Curve['points'], from: number, to: number): (value: number) => number {
  const values = points.map(({ at }) => Math.log(at))
  const low = Math.min(...values)
  const span = Math.max(...values) - low
  return (value) => from + ((Math.log(value) - low) / span) * (to - from)
}

/** 1, 2 or 5 with zeros, so that the highest value is on the last of the lines or below. */
function niceStep(highest: number): number {
  const least = highest / kSteps
  const power = 10 ** Math.floor(Math.log10(least))
  return power * (([1, 2, 5] as const).find((digit) => digit * power >= least) ?? 10)
}
