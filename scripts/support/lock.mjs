// Lets one process run at a time, across checkouts. A child holds the kernel's file lock exactly as long as we live:
// its stdin closes when this process ends in any way, so no stale lock is left.
import { spawn } from 'node:child_process'
import { say, seconds, StepFailed } from './run.mjs'

const retryMs = 1_000
const sayEvery = 15

/** Runs `work` while holding the lock on `file`; waits, and says so, while another process holds it. */
export async function withLock(file, what, work) {
  const start = performance.now()
  for (let tries = 0; ; tries++) {
    const holder = await tryHold(file)
    if (holder !== undefined) {
      try {
        return await work()
      } finally {
        holder.stdin.end()
      }
    }
    if (tries % sayEvery === 0)
      say(`${what}: waiting for another process that is at it… ${seconds(start)}`)
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

function tryHold(file) {
  return new Promise((resolve, reject) => {
    const holder = spawn('flock', ['--nonblock', file, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    holder.on('error', () =>
      reject(new StepFailed('the program flock is missing: install the package util-linux.')),
    )
    holder.on('close', () => resolve(undefined))
    holder.stdout.once('data', () => resolve(holder))
  })
}
