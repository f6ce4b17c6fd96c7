/** Runs test files of a public suite, in their own process, over undici or over dodici. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { within } from '../support/wait.ts'
import type { Suite } from './suites.ts'

export interface Outcome {
  /** File, enclosing tests, name. */
  readonly test: string
  readonly outcome: 'pass' | 'fail' | 'skip'
  readonly why?: string
  /** How many requests dodici was given so far. */
  readonly dispatched: number
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const kDeadlineMs = 120_000

/** Returns how each test of `files` ended, in order. A single file is the process's program. */
export async function runSuite(
  { files, cwd }: Pick<Suite, 'files' | 'cwd'>,
  over: 'undici' | 'dodici',
): Promise<Outcome[]> {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      ...(over === 'dodici' ? ['--import', here('./over-dodici.mjs')] : []),
      `--test-reporter=${here('./outcomes.mjs')}`,
      '--test-reporter-destination=stdout',
      ...(files.length === 1 ? files : [here('./one-by-one.mjs'), ...files]),
    ],
    { cwd, env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const outcomes: Outcome[] = []
  let ended = false
  const read = async (): Promise<void> => {
    for await (const line of createInterface({ input: child.stdout })) {
      // The suites write lines of their own.
      if (!line.startsWith('@{')) continue
      const outcome = JSON.parse(line.slice(1)) as Outcome
      if (outcome.test === 'one-by-one.mjs > end of all') {
        ended = true
        child.kill('SIGKILL')
      } else if (!outcome.test.startsWith('one-by-one.mjs')) {
        outcomes.push(outcome)
      }
    }
  }
  try {
    await within(`${files.length} files over ${over}`, read(), kDeadlineMs)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`the last test: ${outcomes.at(-1)?.test}\n${stderr}`, { cause: error })
  }
  if (!ended && files.length > 1)
    throw new Error(`ended behind ${outcomes.at(-1)?.test}\n${stderr}`)
  return outcomes
}
