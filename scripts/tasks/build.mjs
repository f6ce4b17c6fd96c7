// `npm run build [-- preset]`: builds the addon (release by default) and dist/.
import { buildLib, buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { say } from '../support/run.mjs'
import { addonOf } from '../support/paths.mjs'

export async function run([preset = 'release']) {
  await prepare()
  await buildPreset(preset)
  await buildLib()
  say(`Built dist/ and ${addonOf(preset)}`)
}
