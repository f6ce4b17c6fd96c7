// Runs the two test runners, and returns their counts.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { runVisible, say } from './run.mjs'
import { fromCtest, fromVitest } from './counts.mjs'
import { addonOf, bin, inRoot, node24, preparedEnv, root } from './paths.mjs'

// ctest prints when each case starts and passes, which would hide the lines that matter.
const everyCase = /^ *Start +\d+: |^ *\d+\/\d+ Test +#\d+: .* Passed +[\d.]+ sec/

/** Runs core's GoogleTest cases in a built preset. Prints failures and the total. */
export async function runCtest(preset, { wrap = [] } = {}) {
  const report = freshReport(`ctest-${preset}.xml`)
  const [command, ...args] = [...wrap, 'ctest', '--preset', preset, '--output-junit', report]
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  say(`core’s tests, ${preset}…`)
  for await (const line of createInterface({ input: child.stdout })) {
    if (!everyCase.test(line)) process.stdout.write(`${line}\n`)
  }
  return fromCtest(report, await ended)
}

/** Runs the TypeScript tests with the addon of a preset; `words` select files as in vitest, `nodeArgs` are vitest's Node's. */
export async function runVitest(
  words = [],
  { addon = 'dev', env: more = {}, wrap = [], nodeArgs = [] } = {},
) {
  const report = freshReport('vitest-counts.json')
  const args = [
    ...nodeArgs,
    bin('vitest'),
    'run',
    '--reporter=default',
    `--reporter=${inRoot('scripts/support/vitest-counts.mjs')}`,
    ...words,
  ]
  const env = preparedEnv({
    DODICI_ADDON: addonOf(addon),
    DODICI_TEST_COUNTS: report,
    // Hundreds of processes and workers load the same TypeScript; with what the first compiled, the others start in half
    // the time.
    NODE_COMPILE_CACHE: inRoot('build/compile-cache'),
    ...more,
  })
  const [command, ...rest] = [...wrap, node24, ...args]
  return fromVitest(report, await runVisible(command, rest, { cwd: root, env }))
}

/** Runs the type check, including tests and benchmarks. */
export function runTypeCheck() {
  return runVisible(node24, [bin('tsc'), '--noEmit', '-p', 'tsconfig.json'], { cwd: root })
}

function freshReport(name) {
  const file = inRoot('build/reports', name)
  mkdirSync(inRoot('build/reports'), { recursive: true })
  rmSync(file, { force: true })
  return file
}
