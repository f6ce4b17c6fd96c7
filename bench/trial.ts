/**
 * One trial, in a process of its own: one client, one scenario. Takes a TrialTask as its argument, prints a
 * TrialResult. run.ts starts it.
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
