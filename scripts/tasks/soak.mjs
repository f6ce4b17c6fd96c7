// `npm run soak [-- --seconds 60]`: builds the addon as users run it, runs mixed traffic, and checks what is left.
import { runScript } from '../support/run-script.mjs'

export const run = (words) =>
  runScript('tests/soak/run.ts', words, 'test', ['--expose-gc', '--no-warnings'])
