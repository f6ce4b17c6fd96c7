// Runs child processes for the set-up scripts. It needs only Node 20, because it runs before `npm ci`.
//
// It prints a line at least every 15 seconds while something runs, and on failure what failed, the last lines of its
// output and where the whole log is.
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

const heartbeatMs = 15_000
const quietMs = 2_000

/** A failure whose message explains it, so it is printed without a stack. */
export class StepFailed extends Error {}

/** Prints one progress line. All output of set-up goes to stderr, so that stdout is free for results. */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

export function seconds(sinceMs) {
  return `${Math.round((performance.now() - sinceMs) / 1000)} s`
}

/** Runs `work` and prints every 15 seconds that `title` goes on; short steps print nothing. */
async function withHeartbeat(title, detail, work) {
  const start = performance.now()
  const first = setTimeout(() => say(`${title}…`), quietMs)
  const beat = setInterval(() => say(`${title}… ${seconds(start)}${detail()}`), heartbeatMs)
  try {
    return await work()
  } finally {
    clearTimeout(first)
    clearInterval(beat)
  }
}

/**
 * Runs a command with its output in `log`; a failure shows the end of that log. With `showLast` progress lines show its
 * last line.
 */
export async function runLogged({
  title,
  command,
  args,
  cwd,
  env,
  log,
  hint = '',
  showLast = false,
}) {
  mkdirSync(dirname(log), { recursive: true })
  const out = createWriteStream(log, { flags: 'a' })
  out.write(`\n$ ${[command, ...args].join(' ')}\n`)
  const detail = () => (showLast ? ` ${lastLines(log, 1)}`.slice(0, 100) : '')
  const failure = await withHeartbeat(title, detail, () =>
    finished(command, args, { cwd, env }, out),
  )
  await new Promise((resolve) => out.end(resolve))
  if (failure !== undefined) {
    const tail = lastLines(log, 40).replaceAll('\n', '\n  ')
    throw new StepFailed(
      `${title}: ${command} ${failure}.\nThe last lines of the log:\n  ${tail}\nThe whole log: ${log}${hint ? `\n${hint}` : ''}`,
    )
  }
}

/** Runs a command and returns its output, or `undefined` if it failed or does not exist. */
export async function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    child.on('error', () => resolve(undefined))
    child.on('close', (code) => resolve(code === 0 ? text : undefined))
  })
}

/** Runs a command on this terminal, and returns its exit code. */
export async function runVisible(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

/**
 * Runs a script's main function, whose result becomes the exit code. An explained failure is printed without a stack.
 */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`\nerror: ${error.message}\n`)
    process.exitCode = 1
  }
}

function lastLines(file, count) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
}

function finished(command, args, options, out) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.pipe(out, { end: false })
    child.stderr.pipe(out, { end: false })
    child.on('error', (error) =>
      resolve(error.code === 'ENOENT' ? 'is not installed' : error.message),
    )
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    )
  })
}
