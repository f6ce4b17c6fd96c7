// `npm run test:asan`, `npm run test:tsan`: core's cases in a sanitized build, and then the addon's suites in a Node
// with the sanitizer's runtime preloaded.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { add, closingLines } from '../support/counts.mjs'
import { addonOf, inRoot } from '../support/paths.mjs'
import { capture, say } from '../support/run.mjs'
import { racesOf, reportsIn } from '../support/sanitizer-reports.mjs'
import { runCtest, runVitest } from '../support/suites.mjs'

const contract = (...names) => names.map((name) => `tests/contract/${name}.test.ts`)

// These suites mainly test lifetimes: teardown, aborts, and memory that passes between threads.
const inNode = {
  asan: {
    runtime: 'libasan.so',
    suites: [
      'tests/addon',
      'tests/bulk',
      'tests/exit',
      'tests/faults',
      'tests/conformance',
      'tests/chaos/h2.test.ts',
      'tests/chaos/desync.test.ts',
      ...contract('abort', 'close-destroy', 'handler-throws', 'keep-alive', 'malformed', 'pause'),
      ...contract('proxy', 'request-bodies', 'responses', 'truncation', 'truncation-h2'),
      ...contract('upgrade', 'uploads'),
    ],
    options: (log) => ({
      ASAN_OPTIONS: `detect_stack_use_after_return=1:${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:${log}`,
      LSAN_OPTIONS: `suppressions=${inRoot('tests/support/lsan.supp')}:print_suppressions=0:exitcode=0`,
    }),
    faults: (_addon, reports) => reports,
  },
  // Not tests/exit, because a worker that is terminated under TSan never ends.
  tsan: {
    runtime: 'libtsan.so',
    suites: [
      'tests/addon/submit.test.ts',
      ...contract('abort', 'close-destroy', 'keep-alive', 'pause', 'proxy', 'request-bodies'),
      ...contract('responses', 'upgrade', 'uploads'),
    ],
    options: (log) => ({
      TSAN_OPTIONS: `symbolize=0:exitcode=0:report_signal_unsafe=0:${log}`,
    }),
    faults: racesOf,
  },
}

export async function run([preset]) {
  await prepare('test')
  const wrap = preset === 'tsan' ? await fixedAddresses() : []
  await buildPreset(preset, { targets: ['core_tests', 'dodici_addon'], wrap })
  const core = await runCtest(preset, { wrap })
  const counts = add(core, await runInNode(preset, wrap))
  process.stdout.write(`\n${closingLines(counts, `${preset}: `)}\n`)
  return counts.failed === 0 ? 0 : 1
}

/** Each report of the sanitizer counts as one failed case. If the sanitizer itself fails, the suites run once more. */
async function runInNode(preset, wrap) {
  const first = await runOnceInNode(preset, wrap)
  if (first.failed === 0 || !isSanitizersFault(preset)) return first
  say('The sanitizer itself has failed, so the suites run once more.')
  return runOnceInNode(preset, wrap)
}

// GCC 12's TSan sometimes asks for hundreds of terabytes when V8 gives memory back, and then ends the process.
function isSanitizersFault(preset) {
  const failure = /ERROR: ThreadSanitizer failed to allocate/
  return reportsIn(inRoot('build/reports', preset)).some((report) => failure.test(report))
}

async function runOnceInNode(preset, wrap) {
  const { runtime, suites, options, faults } = inNode[preset]
  const folder = inRoot('build/reports', preset)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const preloaded = await capture('g++', [`-print-file-name=${runtime}`])
  const env = {
    LD_PRELOAD: preloaded.trim(),
    DODICI_TIME_FACTOR: '4',
    ...options(`log_path=${join(folder, 'report')}`),
  }
  const counts = await runVitest(suites, { addon: preset, env, wrap })
  const found = await faults(addonOf(preset), reportsIn(folder))
  for (const fault of found) say(fault)
  const names = found.map(
    (fault) => /^.*(?:ERROR|WARNING|runtime error).*$/m.exec(fault)?.[0] ?? 'a report',
  )
  return add(counts, { passed: 0, failed: found.length, skipped: 0, names })
}

/**
 * GCC 12's TSan stops at once if the kernel randomizes addresses more than it expects, so randomizing is turned off if
 * allowed.
 */
async function fixedAddresses() {
  const wrap = ['setarch', '--addr-no-randomize']
  return (await capture(wrap[0], [...wrap.slice(1), 'true'])) === undefined ? [] : wrap
}
