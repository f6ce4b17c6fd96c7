// `npm run soak [-- --seconds 60]`: builds what users run, then mixed traffic over it and a look at what is left.
import { runScript } from '../support/run-script.mjs'

export const run = (words) =>
  runScript('tests/soak/run.ts', words, ['--expose-gc', '--no-warnings'])
