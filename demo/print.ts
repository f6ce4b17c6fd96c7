/** Aligned lines; colours only where somebody watches. */
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Plain text where standard output is not a terminal, or NO_COLOR is set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function heading(text: string): void {
  console.log(`\n${styled('bold', text)}`)
}

export interface Step {
  readonly name: string
  readonly protocol: string
  readonly run: () => Promise<string>
}

/** Runs a step and says what came of it. False when it went wrong. */
export async function show({ name, protocol, run }: Step): Promise<boolean> {
  const start = performance.now()
  const label = `${name.padEnd(20)}${protocol.padEnd(11)}`
  try {
    const text = await run()
    const ms = `${Math.round(performance.now() - start)} ms`.padStart(8)
    console.log(`  ${styled('green', 'ok')}      ${label}${styled('dim', ms)}   ${text}`)
    return true
  } catch (error) {
    console.log(`  ${styled('red', 'FAILED')}  ${label}           ${describe(error)}`)
    return false
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** Throws what is shown as the reason of a failed step. */
export function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise)
}

export function megabytes(bytes: number): string {
  const value = bytes / 1024 / 1024
  return `${value.toFixed(value < 10 ? 1 : 0)} MB`
}
