import { STATUS_CODES } from 'node:http'

/** "12.3 MB" */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`
}

/** "12.3 MB/s" */
export function rateInWords(bytesPerSecond: number): string {
  return `${bytesInWords(Number.isFinite(bytesPerSecond) ? bytesPerSecond : 0)}/s`
}

/** "1:02:03", "2:03" */
export function timeInWords(seconds: number): string {
  const whole = Math.ceil(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => String(part).padStart(index === 0 ? 1 : 2, '0')).join(':')
}

/** A URL for people: without its query, in which signatures are. */
export function urlInWords({ origin, pathname }: URL): string {
  return origin + pathname
}

/** An error in one line. */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) {
    return oneLine(String(error))
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (typeof statusCode === 'number') {
    return `the server answered ${`${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim()}`
  }
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(errorInWords).join(', ')
  }
  return oneLine(error.message || (typeof code === 'string' ? code : error.name))
}

/** Text that comes from elsewhere, without what would end the line or move the cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
