// `npm run fuzz [-- target…] [--seconds 600]`: runs libFuzzer on the targets of tests/fuzz, one after the other; by
// default on all of them, a minute each. It keeps its corpus in build/fuzz/corpus, and inputs that fail in
// build/fuzz/found.
import { mkdirSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildPreset } from '../setup/build.mjs'
import { prepare } from '../setup/index.mjs'
import { inRoot, logOf } from '../support/paths.mjs'
import { runLogged, say, StepFailed } from '../support/run.mjs'

export async function run(words) {
  const { values, positionals } = parseArgs({
    args: words,
    options: { seconds: { type: 'string', default: '60' } },
    allowPositionals: true,
  })
  const all = readdirSync(inRoot('tests/fuzz/corpus'))
  const unknown = positionals.filter((target) => !all.includes(target))
  if (unknown.length > 0)
    throw new StepFailed(`no such target: ${unknown.join(', ')}. There are ${all.join(', ')}.`)
  const targets = positionals.length > 0 ? positionals : all
  await prepare('test', 'fuzz')
  await buildPreset('fuzz', { targets: targets.map((target) => `fuzz-${target}`) })
  for (const target of targets) await fuzz(target, values.seconds)
  say('No promise was broken.')
  return 0
}

function fuzz(target, seconds) {
  const corpus = inRoot('build/fuzz/corpus', target)
  const found = inRoot('build/fuzz/found', target)
  mkdirSync(corpus, { recursive: true })
  mkdirSync(found, { recursive: true })
  return runLogged({
    title: `fuzzing ${target}`,
    command: inRoot('build/fuzz/tests/fuzz', `fuzz-${target}`),
    args: [
      `-max_total_time=${seconds}`,
      '-max_len=1024',
      `-artifact_prefix=${found}/`,
      corpus, // libFuzzer writes new inputs to the first folder
      inRoot('tests/fuzz/corpus', target),
    ],
    log: logOf(`fuzz-${target}`),
    hint: `The input is in ${found}.`,
    showLast: true,
  })
}
