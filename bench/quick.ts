/**
 * A benchmark of less than a minute for CI: a few scenarios, three short rounds each. Fails only if a ratio to undici
 * is worse than its floor in bench/floors.json in all rounds, twice in a row: a busy machine slows both, and a stall
 * passes.
 */
import { scenarios } from './scenarios/index.ts'
import { beyondFloors, readFloors } from './support/floors.ts'
import { machine } from './support/machine.ts'
import { format, headLine, rowsOf } from './support/report.ts'
import { startServers } from './support/servers.ts'
import { runRounds } from './support/trials.ts'

const kSchedule = { rounds: 3, warmUpMs: 500, measureMs: 1000 }

const floors = readFloors()
const chosen = scenarios.filter(({ name }) => name in floors)
const servers = await startServers(chosen)
const lost: string[] = []
try {
  console.log(`${machine()}; nginx ${servers.nginxVersion} on loopback, 1 worker\n`)
  console.log(headLine())
  for (const scenario of chosen) {
    // The table's targets are the floors here.
    const targets = floors[scenario.name] ?? {}
    const measure = async (): Promise<string[]> => {
      const rows = rowsOf(
        { ...scenario, targets },
        await runRounds(scenario, servers, kSchedule, () => {}),
      )
      console.log(format(rows))
      return beyondFloors({ [scenario.name]: targets }, rows)
    }
    const first = await measure()
    if (first.length === 0) continue
    console.log(`${first.join('\n')}\nonce more:`)
    lost.push(...(await measure()))
  }
} finally {
  await servers.stop()
}
console.log(lost.length === 0 ? '\nNo ratio is beyond its floor.' : `\n${lost.join('\n')}`)
process.exitCode = lost.length === 0 ? 0 : 1
