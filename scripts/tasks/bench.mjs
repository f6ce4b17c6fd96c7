// `npm run bench -- <words>`: the benchmarks, on the release build. The words choose the trials; `quick` is CI's choice.
import { runScript } from '../support/run-script.mjs'

export const run = ([word, ...words]) =>
  word === 'quick'
    ? runScript('bench/quick.ts', words)
    : runScript('bench/run.ts', word === undefined ? [] : [word, ...words])
