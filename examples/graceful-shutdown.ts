/**
 * Graceful shutdown with one signal: SIGINT or SIGTERM aborts an AbortController, the Agent made with its signal
 * cancels everything that it has in flight and refuses new work, and the process ends by itself.
 *
 *     node examples/graceful-shutdown.ts http://127.0.0.1:8080/ [how many at a time]
 */
// In your own program: import { Agent, request } from 'dodici'
import { Agent, request } from '../lib/index.ts'

const [url = 'http://127.0.0.1:8080/', concurrency = '10'] = process.argv.slice(2)

const shutdown = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second signal ends the process at once, as always.
  process.once(name, () => shutdown.abort(new Error(name)))
}

// Children of one signal: the requests of this agent, and whatever else of the program listens to it.
const dispatcher = new Agent({ signal: shutdown.signal })

const count = { finished: 0, cancelled: 0, failed: 0 }
await Promise.all(Array.from({ length: Number(concurrency) }, work))

// Joined: no request runs any more, all sockets are closed, the loop threads have ended.
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
