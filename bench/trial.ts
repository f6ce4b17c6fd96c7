/**
 * One trial of one client and one scenario, in its own process. run.ts starts it with a TrialTask as the argument; it
 * prints a TrialResult.
 */
import { loadClient } from './clients/client.ts'
import { scenarios } from './scenarios/index.ts'
import { measure } from './support/measure.ts'
import type { TrialResult, TrialTask } from './support/trials.ts'

const task = JSON.parse(process.argv[2] ?? '{}') as TrialTask
const scenario = scenarios.find(({ name }) => name === task.scenario)
if (!scenario) throw new Error(`no scenario named ${task.scenario}`)

const client = await loadClient(task.client)
const open = await client.open({ ...scenario.agent, ca: task.ca })
const measured = await measure(scenario, open, task)
await open.close()

const result: TrialResult = {
  client: task.client,
  version: client.version,
  scenario: task.scenario,
  ...measured,
}
console.log(JSON.stringify(result))
