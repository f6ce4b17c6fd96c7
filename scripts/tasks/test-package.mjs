// `npm run test:package`: packs the packages, then installs and uses them as programs of other people do.
import { ensurePackageTools } from '../setup/node-modules.mjs'
import { closingLines } from '../support/counts.mjs'
import { runVitest } from '../support/suites.mjs'
import { run as pack } from './package.mjs'

export async function run(words) {
  await pack()
  await ensurePackageTools()
  const chosen = words.length > 0 ? words : ['tests/package']
  const counts = await runVitest(chosen, { addon: 'release', env: { DODICI_PACKAGES: '1' } })
  process.stdout.write(`\n${closingLines(counts, 'package: ')}\n`)
  return counts.failed === 0 ? 0 : 1
}
