// `npm run demo`: builds what users run, then the demonstration on it.
import { runScript } from '../support/run-script.mjs'

export const run = (words) => runScript('demo/run.ts', words)
