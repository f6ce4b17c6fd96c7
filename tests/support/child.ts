/**
 * Runs a closure in its own process or worker. The closure is passed as source text, so it sees only its two parameters
 * and the globals.
 *
 *     const { code, said } = await runChild(async ({ createAgent, say }, { origin }) => { … }, { origin })
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { agentKind } from './agents.ts'
import type { AgentKind } from './agents.ts'
import type { ChildKit } from './child-main.ts'
import { timeFactor } from './time-factor.ts'
import { within } from './wait.ts'

export type ChildBody<Data> = (kit: ChildKit, data: Data) => unknown

export interface ChildResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What the closure passed to `say()`. */
  readonly said: unknown[]
  readonly stdout: string
  readonly stderr: string
}

export interface ChildOptions {
  readonly kind?: AgentKind
  readonly nodeArgs?: readonly string[]
  /** The program to run instead of this Node: see node-versions.ts. */
  readonly node?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly deadlineMs?: number
}

export interface RunningChild {
  readonly process: ChildProcess
  readonly exited: Promise<ChildResult>
  /** The closure's next message, in order. Rejects if the process ends without one. */
  next(): Promise<unknown>
}

const mainFile = fileURLToPath(new URL('./child-main.ts', import.meta.url))
const kDeadlineMs = 100_000 * timeFactor

/** Starts the closure in a child process; `next()` reads its messages while it runs. */
export function startChild<Data>(
  body: ChildBody<Data>,
  data: Data,
  options: ChildOptions = {},
): RunningChild {
  const { kind = agentKind, nodeArgs = [], env = {}, deadlineMs = kDeadlineMs } = options
  const child = spawn(options.node ?? process.execPath, ['--no-warnings', ...nodeArgs, mainFile], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DODICI_TEST_AGENT: kind,
      ...env,
      DODICI_CHILD: JSON.stringify({ source: body.toString(), data }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let partial = ''
  let read = 0
  const said: unknown[] = []
  let wake = Promise.withResolvers<void>()
  let over = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    const lines = (partial + text).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('@')) said.push(JSON.parse(line.slice(1)))
    wake.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })

  const { promise, resolve, reject } = Promise.withResolvers<ChildResult>()
  child.on('error', reject)
  child.on('close', (code, signal) => {
    over = true
    wake.resolve()
    resolve({ code, signal, said, stdout, stderr })
  })
  const exited = within('the child process to exit', promise, deadlineMs).catch(
    (error: unknown) => {
      child.kill('SIGKILL')
      throw new Error(`${String(error)}\nstdout: ${stdout}\nstderr: ${stderr}`)
    },
  )
  exited.catch(() => {})
  const next = async (): Promise<unknown> => {
    while (read >= said.length) {
      if (over) throw new Error(`the child ended and said no more\n${stdout}\n${stderr}`)
      wake = Promise.withResolvers()
      await wake.promise
    }
    read += 1
    return said[read - 1]
  }
  return { process: child, exited, next: () => within('the child to say something', next()) }
}

/** Runs the closure in a child process until that exits. */
export function runChild<Data>(
  body: ChildBody<Data>,
  data: Data,
  options?: ChildOptions,
): Promise<ChildResult> {
  return startChild(body, data, options).exited
}

/** Starts the closure in a worker thread of this process; `said` grows with its messages. */
export function startWorker<Data>(
  body: ChildBody<Data>,
  data: Data,
): { worker: Worker; said: unknown[]; exited: Promise<number> } {
  const worker = new Worker(new URL('./child-main.ts', import.meta.url), {
    execArgv: ['--no-warnings'],
    env: { ...process.env, DODICI_CHILD: JSON.stringify({ source: body.toString(), data }) },
  })
  const said: unknown[] = []
  worker.on('message', (message) => said.push(message))
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  worker.on('error', reject)
  worker.on('exit', resolve)
  const exited = within('the worker to exit', promise)
  exited.catch(() => {})
  return { worker, said, exited }
}
