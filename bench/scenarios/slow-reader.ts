/** How much the process grows while a body of 1 GB comes faster than it is read. */
import type { Dispatcher } from 'undici'
import { agentOf, kHuge, kSmall, plain } from './scenario.ts'
import type { MemoryScenario } from './scenario.ts'

const kReadForMs = 3000
const kReadEveryMs = 5

/** Pauses the response for a while after each chunk; stops after enough time. */
function readSlowly(
  agent: Dispatcher,
  origin: string,
  path: string,
  onChunk: () => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const until = performance.now() + kReadForMs
  agent.dispatch(
    { origin, path, method: 'GET' },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData(controller) {
        onChunk()
        if (performance.now() > until) {
          controller?.abort(new Error('seen enough'))
          return
        }
        controller?.pause()
        setTimeout(() => controller?.resume(), kReadEveryMs)
      },
      onResponseEnd: () => resolve(),
      onResponseError: () => resolve(),
    },
  )
  return promise
}

export const slowReaderScenario: MemoryScenario = {
  name: 'slow-reader',
  title: '1 GB over HTTP/1.1, read slowly',
  unit: 'memory',
  targets: {},
  agent: {},
  origin: plain,
  measure: async (client, origin) => {
    // The first request loads the code and makes the connection.
    await readSlowly(agentOf(client), origin, kSmall, () => {})
    const before = process.memoryUsage.rss()
    let highest = before
    await readSlowly(agentOf(client), origin, kHuge, () => {
      highest = Math.max(highest, process.memoryUsage.rss())
    })
    return { bytes: highest - before, requests: 1 }
  },
}
