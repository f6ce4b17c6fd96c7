// `npm run fix`: formats everything, and mends what the linter can mend by itself.
import { clangFormat, oxfmt, oxlint } from '../check/tools.mjs'
import { prepare } from '../setup/index.mjs'

export async function run() {
  await prepare('check')
  const results = [await oxlint('--fix'), await clangFormat('-i'), await oxfmt('--write')]
  return results.every(Boolean) ? 0 : 1
}
