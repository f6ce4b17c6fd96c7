// `npm run bench -- <words>`: the benchmarks, on the release build. The words select scenarios; the first may be
// another program instead: `quick`, `glue`, `bulk` or `core`.
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { ensureNativeClients } from '../setup/node-modules.mjs'
import { ensureSystemPackages } from '../setup/system-packages.mjs'
import { inRoot } from '../support/paths.mjs'
import { runScript } from '../support/run-script.mjs'
import { runVisible, say, StepFailed } from '../support/run.mjs'

export function run([word, ...words]) {
  if (word === 'core') return runCoreBench(words)
  if (word === 'quick') return runScript('bench/quick.ts', words, 'test')
  if (word === 'bulk') return runBulk(words)
  if (word === 'glue') return runScript('bench/glue.ts', words, 'test')
  return runTrials(word === undefined ? [] : [word, ...words])
}

async function runTrials(words) {
  await prepare('test')
  await ensureNativeClients()
  return runScript('bench/run.ts', words, 'test')
}

/** Other downloaders take part if they are there, or can be installed. */
async function runBulk(words) {
  try {
    await ensureSystemPackages(['bulk'])
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`Without curl or aria2c. ${error.message}`)
  }
  return runScript('bench/bulk.ts', words, 'test')
}

/** Google Benchmark's own options may follow. Built with the tests, so the release preset does not have it. */
async function runCoreBench(words) {
  await prepare('test')
  await buildPreset('dev', { targets: ['core_bench'] })
  return runVisible(inRoot('build/dev/bench/core/core_bench'), words)
}
