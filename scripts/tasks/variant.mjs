// `npm run test:release`, `npm run test:system`: the end-to-end suites on another build of the addon than `npm test`
// uses. release is the build that users run, optimized at link time and without assertions; system links the installed
// libcurl.
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { closingLines } from '../support/counts.mjs'
import { runVitest } from '../support/suites.mjs'

const contract = (...names) => names.map((name) => `tests/contract/${name}.test.ts`)

const suites = {
  // Suites that depend on timing (streams, limits, connections that end) also run on the build that users run.
  release: [
    ...['tests/addon', 'tests/servers', 'tests/chaos', 'tests/exit/workers.test.ts'],
    ...contract(
      'abort',
      'close-destroy',
      'handler-throws',
      'keep-alive',
      'malformed',
      'memory-download',
    ),
    ...contract('pause', 'proxy', 'request-bodies', 'responses', 'reuse', 'stress', 'timeouts'),
    ...contract('truncation', 'truncation-h2', 'upgrade', 'uploads'),
  ],
  // Debian 12's libcurl is 7.88, which gives other errors in rare cases, so these suites test what all versions do
  // alike.
  system: contract(
    ...['fetch', 'responses', 'reuse', 'request-bodies', 'wire', 'content-length', 'close-destroy'],
    ...['pause', 'connect-errors'],
  ),
}

export async function run([preset]) {
  await prepare('test', preset)
  await buildPreset(preset, { targets: ['dodici_addon'] })
  const counts = await runVitest(suites[preset], { addon: preset })
  process.stdout.write(`\n${closingLines(counts, `${preset}: `)}\n`)
  return counts.failed === 0 ? 0 : 1
}
