// `npm run fix`: formats everything, and lets the linter fix what it can.
import { clangFormat, oxfmt, oxlint } from '../check/tools.mjs'
import { prepare } from '../setup/index.mjs'

export async function run() {
  await prepare('check')
  const results = [await oxlint('--fix'), await clangFormat('-i'), await oxfmt('--write')]
  return results.every(Boolean) ? 0 : 1
}
