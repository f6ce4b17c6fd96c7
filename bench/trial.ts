/**
 * One trial, in a process of its own: one client, one scenario. Takes a TrialTask as its argument, prints a
 * TrialResult. run.ts starts it.
 */
import { loadClient } from './clients/client.ts'
import { scenarios } from './scenarios/index.ts'
import type { Meter } from './scenarios/scenario.ts'
import type { TrialResult, TrialTask } from './support/trials.ts'

const task = JSON.parse(process.argv[2] ?? '{}') as TrialTask
const scenario = scenarios.find(({ name }) => name === task.scenario)
if (!scenario) throw new Error(`no scenario named ${task.scenario}`)

const client = await loadClient(task.client)
const agent = client.createAgent({ ...scenario.agent, ca: task.ca })
const meter: Meter = { requests: 0, bytes: 0, running: true }
const driving = scenario.drive(agent, scenario.origin(task.ports), meter)
driving.catch(() => {})

await Promise.race([wait(task.warmUpMs), driving])
const before = sample()
await Promise.race([wait(task.measureMs), driving])
const after = sample()
meter.running = false
await driving
await agent.destroy()

const result: TrialResult = {
  client: task.client,
  version: client.version,
  scenario: task.scenario,
  seconds: (after.time - before.time) / 1000,
  requests: after.requests - before.requests,
  bytes: after.bytes - before.bytes,
  jsCpuMicros: after.jsCpu - before.jsCpu,
  processCpuMicros: after.processCpu - before.processCpu,
}
console.log(JSON.stringify(result))

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

function sample(): {
  time: number
  requests: number
  bytes: number
  jsCpu: number
  processCpu: number
} {
  const thread = process.threadCpuUsage()
  const whole = process.cpuUsage()
  return {
    time: performance.now(),
    requests: meter.requests,
    bytes: meter.bytes,
    jsCpu: thread.user + thread.system,
    processCpu: whole.user + whole.system,
  }
}
