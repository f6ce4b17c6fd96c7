/** Runs trials in child processes, undici and dodici in turns. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ClientName } from '../clients/client.ts'
import type { Ports, Scenario } from '../scenarios/scenario.ts'
import type { Nginx } from './nginx.ts'

export interface TrialTask {
  readonly scenario: string
  readonly client: ClientName
  readonly ports: Ports
  readonly ca: string
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface TrialResult {
  readonly scenario: string
  readonly client: ClientName
  readonly version: string
  readonly seconds: number
  readonly requests: number
  readonly bytes: number
  /** CPU time of the JavaScript thread, user and system, in microseconds. */
  readonly jsCpuMicros: number
  /** CPU time of the whole process: JavaScript thread, loop threads, the collector, the kernel on their behalf. */
  readonly processCpuMicros: number
}

export interface Schedule {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** One round: both clients, one after the other. */
export interface Pair {
  readonly undici: TrialResult
  readonly dodici: TrialResult
}

/** What a trial may need beyond its measuring: to start, and to let its last requests end. */
const kPatienceMs = 20_000

const trialFile = fileURLToPath(new URL('../trial.ts', import.meta.url))

export async function runPairs(
  scenario: Scenario,
  { ports, ca }: Nginx,
  { rounds, warmUpMs, measureMs }: Schedule,
  onTrial: (round: number, client: ClientName) => void,
): Promise<Pair[]> {
  const run = (round: number, client: ClientName): Promise<TrialResult> => {
    onTrial(round, client)
    return runTrial({ scenario: scenario.name, client, ports, ca, warmUpMs, measureMs })
  }
  const pairs: Pair[] = []
  for (let round = 1; round <= rounds; round += 1) {
    pairs.push({ undici: await run(round, 'undici'), dodici: await run(round, 'dodici') })
  }
  return pairs
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
