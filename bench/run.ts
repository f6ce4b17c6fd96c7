/**
 * The benchmarks: undici and dodici against the same nginx, in turns, each trial a process of its own.
 *
 *     node bench/run.ts [words] [--rounds N] [--seconds S] [--json]
 *
 * The words name scenarios; none means all. bench/README.md says how to read the table.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { startNginx } from './support/nginx.ts'
import { format, headLine, rowsOf } from './support/report.ts'
import type { Row } from './support/report.ts'
import { runPairs } from './support/trials.ts'
import type { Pair } from './support/trials.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = positive('rounds', values.rounds)
const seconds = positive('seconds', values.seconds)
const schedule = { rounds: Math.ceil(rounds), warmUpMs: 1000, measureMs: seconds * 1000 }

const chosen = choose(positionals)
const nginx = await startNginx()
const stopAndExit = (): void => {
  void nginx.stop().finally(() => process.exit(130))
}
process.once('SIGINT', stopAndExit)
process.once('SIGTERM', stopAndExit)

const reports: { scenario: string; rows: Row[]; pairs: Pair[] }[] = []
try {
  if (!values.json) {
    const perTrial = (schedule.warmUpMs + schedule.measureMs) / 1000 + 0.4
    const minutes = (chosen.length * schedule.rounds * 2 * perTrial) / 60
    console.log(`${machine()}; nginx ${nginx.version} on loopback, 1 worker`)
    console.log(`${schedule.rounds} rounds of ${seconds} s each, about ${minutes.toFixed(1)} min\n`)
    console.log(headLine())
  }
  for (const scenario of chosen) {
    const pairs = await runPairs(scenario, nginx, schedule, (round, client) => {
      progress(`${scenario.name}: round ${round} of ${schedule.rounds}, ${client} …`)
    })
    progress('')
    const rows = rowsOf(scenario, pairs)
    reports.push({ scenario: scenario.name, rows, pairs })
    if (!values.json) console.log(format(rows))
  }
} finally {
  progress('')
  await nginx.stop()
}

const first = reports[0]?.pairs[0]
const versions = { undici: first?.undici.version, dodici: first?.dodici.version }
if (values.json) {
  const about = { machine: machine(), nginx: nginx.version, versions, ...schedule }
  console.log(JSON.stringify({ ...about, reports }, null, 2))
} else {
  console.log(`\nundici ${versions.undici}, dodici ${versions.dodici}`)
  const judged = reports.flatMap(({ rows }) => rows).filter((row) => row.reached !== undefined)
  if (judged.length > 0) {
    const reached = judged.filter((row) => row.reached).length
    console.log(`targets reached: ${reached} of ${judged.length}`)
  }
}

function choose(words: readonly string[]): readonly Scenario[] {
  const names = scenarios.map(({ name }) => name)
  const unknown = words.filter((word) => !names.includes(word))
  if (unknown.length > 0) {
    console.error(`no scenario named ${unknown.join(', ')}; there are ${names.join(', ')}`)
    process.exit(2)
  }
  return words.length === 0 ? scenarios : scenarios.filter(({ name }) => words.includes(name))
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) {
    console.error(`--${name} wants a number above 0, not "${text}"`)
    process.exit(2)
  }
  return value
}

function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, Node ${process.version}`
}

/** Where it goes on, rewritten in place; nothing where nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${text}`)
}
