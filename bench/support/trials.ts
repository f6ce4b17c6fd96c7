/** Runs trials in child processes, undici and dodici in turns. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isInstalled } from '../clients/client.ts'
import type { ClientName } from '../clients/client.ts'
import type { Ports, Scenario } from '../scenarios/scenario.ts'

export interface TrialTask {
  readonly scenario: string
  readonly client: ClientName
  readonly ports: Ports
  readonly ca: string
  /** The servers' processes. */
  readonly serverPids: readonly number[]
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface TrialResult extends Measured {
  readonly scenario: string
  readonly client: ClientName
  readonly version: string
}

export interface Measured {
  readonly seconds: number
  readonly requests: number
  readonly bytes: number
  /** CPU time of the JavaScript thread, user and system, in microseconds. */
  readonly jsCpuMicros: number
  /**
   * CPU time of the whole process: JavaScript thread, loop threads, garbage collector, and the kernel on their behalf.
   */
  readonly processCpuMicros: number
  /** CPU time of the servers meanwhile; NaN if the system does not tell. */
  readonly serverCpuMicros: number
  /** From a request's start to its end; NaN if none was timed. */
  readonly p50Millis: number
  readonly p99Millis: number
  /** How late the event loop was. */
  readonly loopDelayP99Millis: number
  /** Of the whole trial, including the warm-up. */
  readonly peakRssBytes: number
}

export interface Schedule {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** One round: undici, dodici and the other clients, one after the other. */
export interface Round {
  readonly undici: TrialResult
  readonly dodici: TrialResult
  readonly others: readonly TrialResult[]
}

/** Extra time for a trial to start and to let its last requests end. */
const kPatienceMs = 20_000

const trialFile = fileURLToPath(new URL('../trial.ts', import.meta.url))

export async function runRounds(
  scenario: Scenario,
  { ports, ca, pids: serverPids }: { ports: Ports; ca: string; pids: readonly number[] },
  { rounds, warmUpMs, measureMs }: Schedule,
  onTrial: (round: number, client: ClientName) => void,
): Promise<Round[]> {
  const run = (round: number, client: ClientName): Promise<TrialResult> => {
    onTrial(round, client)
    const { name } = scenario
    return runTrial({ scenario: name, client, ports, ca, serverPids, warmUpMs, measureMs })
  }
  const names = othersOf(scenario)
  const done: Round[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const undici = await run(round, 'undici')
    const dodici = await run(round, 'dodici')
    const others: TrialResult[] = []
    for (const name of names) others.push(await run(round, name))
    done.push({ undici, dodici, others })
  }
  return done
}

/** The installed clients that take part beside undici and dodici. */
export function othersOf(scenario: Scenario): readonly ClientName[] {
  const names = 'others' in scenario ? (scenario.others ?? []) : []
  return names.filter(isInstalled)
}

export async function runTrial(task: TrialTask): Promise<TrialResult> {
  const child = spawn(process.execPath, ['--no-warnings', trialFile, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let isLate = false
  const deadline = setTimeout(
    () => {
      isLate = true
      child.kill('SIGKILL')
    },
    task.warmUpMs + task.measureMs + kPatienceMs,
  )
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(deadline)
  if (isLate) throw new Error(`${task.client}, ${task.scenario}: requests that never end`)
  if (code !== 0) {
    throw new Error(`${task.client}, ${task.scenario}: exit code ${code}\n${stderr}`)
  }
  return JSON.parse(stdout) as TrialResult
}
