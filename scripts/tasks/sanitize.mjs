// `npm run test:asan`, `npm run test:tsan`: core's cases in a sanitized build; with asan also suites that drive the addon, in a
// Node that has the sanitizer's runtime loaded before it.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { add, closingLine } from '../support/counts.mjs'
import { inRoot } from '../support/paths.mjs'
import { capture, say } from '../support/run.mjs'
import { runCtest, runVitest } from '../support/suites.mjs'

// Lifetimes above all: teardown, workers, aborts, everything that hands memory from one thread to another.
const suites = [
  'tests/addon',
  'tests/exit',
  ...['abort', 'close-destroy', 'handler-throws', 'keep-alive', 'malformed', 'pause', 'proxy'],
  ...['request-bodies', 'responses', 'truncation', 'truncation-h2', 'upgrade', 'uploads'],
].map((name) => (name.includes('/') ? name : `tests/contract/${name}.test.ts`))

export async function run([preset]) {
  await prepare()
  const wrap = preset === 'tsan' ? await fixedAddresses() : []
  const targets = preset === 'asan' ? ['core_tests', 'dodici_addon'] : ['core_tests']
  await buildPreset(preset, { targets, wrap })
  let counts = await runCtest(preset, { wrap })
  if (preset === 'asan') counts = add(counts, await runNodeSuites())
  process.stdout.write(`\n${preset}: ${closingLine(counts)}\n`)
  return counts.failed === 0 ? 0 : 1
}

/** Reports go to files: some come from processes whose output nobody reads, or at the very end of a process. */
async function runNodeSuites() {
  const folder = inRoot('build/reports/asan')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const runtime = await capture('g++', ['-print-file-name=libasan.so'])
  const log = `log_path=${join(folder, 'report')}`
  const counts = await runVitest(suites, {
    addon: 'asan',
    env: {
      LD_PRELOAD: runtime.trim(),
      ASAN_OPTIONS: `detect_stack_use_after_return=1:${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:${log}`,
      LSAN_OPTIONS: `suppressions=${inRoot('tests/support/lsan.supp')}:print_suppressions=0:exitcode=0`,
    },
  })
  const reports = readdirSync(folder)
  for (const report of reports) say(readFileSync(join(folder, report), 'utf8'))
  return add(counts, { passed: 0, failed: reports.length, skipped: 0 })
}

/** Kernels that randomize addresses more than GCC 12's TSan expects make it stop at once; so no randomizing, if allowed. */
async function fixedAddresses() {
  const wrap = ['setarch', '--addr-no-randomize']
  return (await capture(wrap[0], [...wrap.slice(1), 'true'])) === undefined ? [] : wrap
}
