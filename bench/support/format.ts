/** Formats numbers for tables and charts. */

export function number(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

export function times(ratio: number): string {
  // undici's figure is 0, or nothing was timed.
  if (!Number.isFinite(ratio)) return '–'
  return `${ratio.toFixed(ratio < 0.1 ? 3 : 2)}x`
}
