/** Measures what a scenario costs this process, after a warm-up. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { OpenClient } from '../clients/client.ts'
import type { MemoryScenario, Meter, Scenario, TimedScenario } from '../scenarios/scenario.ts'
import { Latency } from './latency.ts'
import { cpuMicrosOf } from './processes.ts'
import type { Measured, TrialTask } from './trials.ts'

/** How often the event loop's delay is sampled: it costs a thousandth of a core, and is enough for a p99. */
const kLookEveryMs = 2

export function measure(
  scenario: Scenario,
  client: OpenClient,
  task: TrialTask,
): Promise<Measured> {
  const origin = scenario.origin(task.ports)
  return 'measure' in scenario
    ? weigh(scenario, client, origin)
    : time(scenario, client, origin, task)
}

async function time(
  scenario: TimedScenario,
  client: OpenClient,
  origin: string,
  { warmUpMs, measureMs, serverPids }: TrialTask,
): Promise<Measured> {
  const meter: Meter = { requests: 0, bytes: 0, latency: new Latency(), running: true }
  const driving = scenario.drive(client, origin, meter)
  driving.catch(() => {})

  await Promise.race([wait(warmUpMs), driving])
  meter.latency.reset()
  const loop = monitorEventLoopDelay({ resolution: kLookEveryMs })
  loop.enable()
  const before = sample(meter, serverPids)
  await Promise.race([wait(measureMs), driving])
  const after = sample(meter, serverPids)
  loop.disable()
  const [p50, p99] = [meter.latency.percentile(0.5), meter.latency.percentile(0.99)]
  meter.running = false
  await driving
  return {
    seconds: (after.time - before.time) / 1000,
    requests: after.requests - before.requests,
    bytes: after.bytes - before.bytes,
    jsCpuMicros: after.jsCpu - before.jsCpu,
    processCpuMicros: after.processCpu - before.processCpu,
    serverCpuMicros: after.serverCpu - before.serverCpu,
    p50Millis: p50,
    p99Millis: p99,
    // The histogram contains the interval between two samples.
    loopDelayP99Millis: Math.max(0, loop.percentile(99) / 1e6 - kLookEveryMs),
    peakRssBytes: peakRss(),
  }
}

async function weigh(
  scenario: MemoryScenario,
  client: OpenClient,
  origin: string,
): Promise<Measured> {
  const { bytes, requests } = await scenario.measure(client, origin)
  const untimed = { seconds: 0, jsCpuMicros: 0, processCpuMicros: 0, serverCpuMicros: 0 }
  const unheard = { p50Millis: 0, p99Millis: 0, loopDelayP99Millis: 0 }
  return { ...untimed, ...unheard, bytes, requests, peakRssBytes: peakRss() }
}

const peakRss = (): number => process.resourceUsage().maxRSS * 1024

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

interface Sample {
  readonly time: number
  readonly requests: number
  readonly bytes: number
  readonly jsCpu: number
  readonly processCpu: number
  readonly serverCpu: number
}

function sample(meter: Meter, serverPids: readonly number[]): Sample {
  const thread = process.threadCpuUsage()
  const whole = process.cpuUsage()
  return {
    time: performance.now(),
    requests: meter.requests,
    bytes: meter.bytes,
    jsCpu: thread.user + thread.system,
    processCpu: whole.user + whole.system,
    serverCpu: cpuMicrosOf(serverPids),
  }
}
