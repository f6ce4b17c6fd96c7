// `npm run bench -- <words>`: the benchmarks, on the release build. The words choose the trials.
import { runScript } from '../support/run-script.mjs'

export const run = (words) => runScript('bench/run.ts', words)
