/**
 * Graceful shutdown with one signal: SIGINT or SIGTERM aborts an AbortController, the Agent with its signal cancels all
 * requests in flight and refuses new ones, and the process ends by itself.
 *
 *     node examples/graceful-shutdown.ts http://127.0.0.1:8080/ [how many at a time]
 */
// In your own program: import { Agent, request } from 'dodici'
import { Agent, request } from '../lib/index.ts'

const [url = 'http://127.0.0.1:8080/', concurrency = '10'] = process.argv.slice(2)

const shutdown = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Only once, so that a second signal ends the process at once.
  process.once(name, () => shutdown.abort(new Error(name)))
}

// The requests of this agent depend on the signal, as can other parts of the program.
const dispatcher = new Agent({ signal: shutdown.signal })

const count = { finished: 0, cancelled: 0, failed: 0 }
await Promise.all(Array.from({ length: Number(concurrency) }, work))

// Afterwards no request runs any more, all sockets are closed, and the loop threads have ended.
await dispatcher.destroy()
console.log(
  `${reasonOf(shutdown.signal)}: ${count.finished} finished, ` +
    `${count.cancelled} cancelled, ${count.failed} failed`,
)

async function work(): Promise<void> {
  while (!shutdown.signal.aborted) {
    try {
      const { body } = await request(url, { dispatcher })
      await body.text()
      count.finished += 1
    } catch (error) {
      if (error === shutdown.signal.reason) count.cancelled += 1
      else count.failed += 1
    }
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : 'no signal'
}
