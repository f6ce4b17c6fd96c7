/**
 * Runs the benchmarks: undici and dodici in turns against the same servers, each trial in its own process.
 *
 *     node bench/run.ts [words] [--rounds N] [--seconds S] [--json] [--report]
 *
 * The words name scenarios; none means all. bench/README.md says how to read the table.
 */
import { writeReport } from './report/write.ts'
import { choose, readCommandLine } from './support/choice.ts'
import { machine } from './support/machine.ts'
import { progress } from './support/progress.ts'
import { format, headLine, rowsOf } from './support/report.ts'
import type { ScenarioReport } from './support/report.ts'
import { curvesOf, growthOf } from './support/series.ts'
import { startServers } from './support/servers.ts'
import { othersOf, runRounds } from './support/trials.ts'

const { words, json, report, schedule, seconds } = readCommandLine()
const chosen = choose(words)
const servers = await startServers(chosen)
const stopAndExit = (): void => {
  void servers.stop().finally(() => process.exit(130))
}
process.once('SIGINT', stopAndExit)
process.once('SIGTERM', stopAndExit)

const reports: ScenarioReport[] = []
try {
  if (!json) {
    const perTrial = (schedule.warmUpMs + schedule.measureMs) / 1000 + 0.4
    const clients = chosen.reduce((sum, scenario) => sum + 2 + othersOf(scenario).length, 0)
    const minutes = (clients * schedule.rounds * perTrial) / 60
    console.log(`${machine()}; nginx ${servers.nginxVersion} on loopback, 1 worker`)
    console.log(`${schedule.rounds} rounds of ${seconds} s each, about ${minutes.toFixed(1)} min\n`)
    console.log(headLine())
  }
  for (const scenario of chosen) {
    const rounds = await runRounds(scenario, servers, schedule, (round, client) => {
      progress(`${scenario.name}: round ${round} of ${schedule.rounds}, ${client} …`)
    })
    progress('')
    const rows = rowsOf(scenario, rounds)
    reports.push({ scenario: scenario.name, rows, rounds })
    if (!json) console.log(format(rows))
  }
} finally {
  progress('')
  await servers.stop()
}

const first = reports[0]?.rounds[0]
const versions = { undici: first?.undici.version ?? '', dodici: first?.dodici.version ?? '' }
const about = { machine: machine(), nginx: servers.nginxVersion, versions }
const rows = reports.flatMap(({ rows }) => rows)
if (json) {
  console.log(JSON.stringify({ ...about, ...schedule, reports }, null, 2))
} else {
  for (const curve of curvesOf(rows)) console.log(`\n${growthOf(curve)}`)
  console.log(`\nundici ${versions.undici}, dodici ${versions.dodici}`)
  const judged = rows.filter((row) => row.reached !== undefined)
  if (judged.length > 0) {
    const reached = judged.filter((row) => row.reached).length
    console.log(`targets reached: ${reached} of ${judged.length}`)
  }
}
if (report) {
  const date = new Date().toISOString().slice(0, 10)
  for (const file of writeReport({ ...about, date, rows })) console.error(`written: ${file}`)
}
