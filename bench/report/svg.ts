/** Just enough SVG for a chart. It follows the reader's light or dark scheme, and loads nothing else. */

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2937 }
  .title { font-size: 16px; font-weight: 600 }
  .small { font-size: 12px; fill: #6b7280 }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .ground { fill: #ffffff }
  .ours { fill: #0f766e }
  .line { stroke: #9ca3af; stroke-width: 1 }
  .grid { stroke: #e5e7eb; stroke-width: 1 }
  .curve { fill: none; stroke-width: 2 }
  .curve.dodici { stroke: #0f766e }
  .curve.undici { stroke: #b45309 }
  .dot.dodici { fill: #0f766e }
  .dot.undici { fill: #b45309 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb }
    .small { fill: #9ca3af }
    .ground { fill: #0d1117 }
    .ours, .dot.dodici { fill: #2dd4bf }
    .grid { stroke: #30363d }
    .curve.dodici { stroke: #2dd4bf }
    .curve.undici { stroke: #f59e0b }
    .dot.undici { fill: #f59e0b }
  }
`

export type Attributes = Readonly<Record<string, string | number>>

/** `content` is markup; texts go through `textAt`. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(coordinate(value))}"`)
    .join('')
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`
}

export const textAt = (x: number, y: number, text: string, className = ''): string =>
  element('text', { x, y, ...(className && { class: className }) }, escaped(text))

/** `description` is for readers who cannot see the chart. */
export function svg(
  width: number,
  height: number,
  description: string,
  parts: readonly string[],
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
  }
  const lines = [
    element('title', {}, escaped(description)),
    element('style', {}, style),
    element('rect', { class: 'ground', width, height, rx: 6 }),
    ...parts,
  ]
  return `${element('svg', attributes, `\n${lines.join('\n')}\n`)}\n`
}

const coordinate = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : value

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
