/** Runs the command `dodici` in a child process. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within } from '../support/wait.ts'

/** The command's file. */
export const kCommand = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcess
  /** Resolves when it has ended. */
  end(): Promise<Ended>
  /** what has come so far */
  stdout(): string
  stderr(): string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** instead of Node with the command */
  readonly program?: readonly [file: string, ...args: string[]]
}

/** Starts it with `args`. It sees no proxy but that of `env`. */
export function start(
  args: readonly string[],
  { cwd, env = {}, program }: RunOptions = {},
): Running {
  const [file, ...first] = program ?? [process.execPath, '--no-warnings', kCommand]
  const child = spawn(file, [...first, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { ...withoutProxies(), NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const closed = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    process: child,
    end: () => within('the command ends', closed),
    stdout: () => stdout,
    stderr: () => stderr,
  }
}

/** Runs it to its end. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return start(args, options).end()
}

/** The objects of `--json`. */
export function linesOf(stdout: string): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function withoutProxies(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name))
  return Object.fromEntries(entries.filter(([name]) => name !== 'DODICI_DEBUG'))
}
