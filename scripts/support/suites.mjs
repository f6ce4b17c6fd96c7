// The two test runners, each giving back its counts.
import { mkdirSync, rmSync } from 'node:fs'
import { runVisible } from './run.mjs'
import { fromCtest, fromVitest } from './counts.mjs'
import { addonOf, bin, inRoot, node24, preparedEnv, root } from './paths.mjs'

/** Core's GoogleTest cases in a built preset. */
export async function runCtest(preset, { wrap = [] } = {}) {
  const report = freshReport(`ctest-${preset}.xml`)
  const [command, ...args] = [...wrap, 'ctest', '--preset', preset, '--output-junit', report]
  return fromCtest(report, await runVisible(command, args, { cwd: root }))
}

/** The TypeScript tests, against the dev build's addon; `words` choose files as vitest does. */
export async function runVitest(words = []) {
  const report = freshReport('vitest.json')
  const args = [
    bin('vitest'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ]
  const env = preparedEnv({ DODICI_ADDON: addonOf('dev') })
  return fromVitest(report, await runVisible(node24, args, { cwd: root, env }))
}

/** The type check of everything, tests and benchmarks included. */
export function runTypeCheck() {
  return runVisible(node24, [bin('tsc'), '--noEmit', '-p', 'tsconfig.json'], { cwd: root })
}

function freshReport(name) {
  const file = inRoot('build/reports', name)
  mkdirSync(inRoot('build/reports'), { recursive: true })
  rmSync(file, { force: true })
  return file
}
