// `npm run test:package`: packs the packages, then installs and uses them as programs of other people do.
import { prepare } from '../setup/index.mjs'
import { ensureDebian11Root } from '../package/debian.mjs'
import { ensurePackageTools } from '../setup/node-modules.mjs'
import { closingLines } from '../support/counts.mjs'
import { runVitest } from '../support/suites.mjs'
import { pack } from './package.mjs'

export async function run(words) {
  await prepare('test')
  await pack()
  await ensurePackageTools()
  const chosen = words.length > 0 ? words : ['tests/package']
  const debian11 = await ensureDebian11Root()
  const env = { DODICI_PACKAGES: '1', DODICI_DEBIAN_11: debian11 ?? '' }
  const counts = await runVitest(chosen, { addon: 'release', env })
  process.stdout.write(`\n${closingLines(counts, 'package: ')}\n`)
  return counts.failed === 0 ? 0 : 1
}
