/**
 * Downloads of one large object, and loads of many, in turns: dodici/bulk, curl, aria2c, and what a program over undici
 * does.
 *
 *     node bench/bulk.ts [words] [--rounds N] [--share S] [--report] [--json]
 *
 * The words name cases; none means all. `--share 0.1` takes a tenth of the bytes and objects. bench/README.md says how
 * to read the table.
 */
import { parseArgs } from 'node:util'
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cases } from './bulk/cases.ts'
import { makeRunner } from './bulk/contenders.ts'
import { startRelay } from './bulk/relay-process.ts'
import { judge, judgementTable, resultTable } from './bulk/report.ts'
import type { Round } from './bulk/report.ts'
import { versionOf } from './clients/client.ts'
import { positive } from './support/choice.ts'
import { kHugeBytes } from './scenarios/scenario.ts'
import { machine } from './support/machine.ts'
import { startNginx } from './support/nginx.ts'
import { progress } from './support/progress.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    share: { type: 'string', default: '1' },
    report: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const rounds = positive('rounds', values.rounds)
const share = positive('share', values.share)
const unknown = positionals.filter((word) => !cases.some(({ name }) => name === word))
if (unknown.length > 0) {
  fail(`no case named ${unknown.join(', ')}; there are ${cases.map(({ name }) => name).join(', ')}`)
}
const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

const bytes = Math.round(kHugeBytes * share)
const nginx = await startNginx([], bytes)
const relay = await startRelay(nginx.ports.http)
const runner = makeRunner({ direct: nginx.ports.http, relayed: relay.port, share, bytes })
const ground = [
  `Measured on ${new Date().toISOString().slice(0, 10)} on ${machine()}, which also ran nginx ${nginx.version};`,
  `undici ${versionOf('undici')}, ${runner.versions}. Files are in ${runner.where}. ${rounds} rounds;`,
  `medians, and the ratios round by round. The load of the machine before the run was ${loadavg()[0]?.toFixed(0)}.`,
  share === 1 ? '' : `Only ${share} of the bytes and objects.`,
]
const results: Round[] = []
try {
  for (const each of chosen) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of each.contenders.filter(runner.has)) {
        progress(`${each.name}: round ${round} of ${rounds}, ${contender} …`)
        results.push({ case: each.name, contender, round, ...(await runner.run(each, contender)) })
      }
    }
    progress('')
    if (!values.json) console.log(resultTable([each], results))
  }
} finally {
  progress('')
  await Promise.all([relay.stop(), nginx.stop()])
  runner.cleanUp()
}

const judgements = chosen.flatMap((each) => judge(each, results))
if (values.json) {
  console.log(JSON.stringify({ ground: ground.join(' '), results, judgements }, null, 2))
} else {
  console.log(`\n${judgementTable(judgements)}`)
  if (runner.missing.length > 0) console.log(`\nnot installed: ${runner.missing.join(', ')}`)
}
if (values.report) {
  const file = fileURLToPath(new URL('results/bulk.md', import.meta.url))
  const parts = [ground.join(' ').trim(), resultTable(chosen, results), judgementTable(judgements)]
  writeFileSync(file, `${parts.join('\n\n')}\n`)
  console.error(`written: ${file}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
