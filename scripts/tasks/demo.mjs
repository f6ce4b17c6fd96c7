// `npm run demo`: builds the addon as users run it, and runs the demonstration.
import { runScript } from '../support/run-script.mjs'

export const run = (words) => runScript('demo/run.ts', words, 'demo')
