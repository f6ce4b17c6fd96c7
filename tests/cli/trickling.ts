import type { ServedRequest } from '../bulk/object-server.ts'
import { until } from '../support/wait.ts'

export interface Trickling {
  readonly onRequest: (served: ServedRequest) => void
  /** Lets the rest go at once. */
  finish(): void
  /** Resolves so long after the first bytes were sent. */
  after(ms: number): Promise<void>
}

/** For serveObject(): sends a hundredth of `data` every 50 ms, but not its end before it is told to finish. */
export function trickling(data: Buffer): Trickling {
  let isFinishing = false
  const began = Promise.withResolvers<number>()
  return {
    finish: () => (isFinishing = true),
    after: async (ms) => {
      const at = await began.promise
      await until('it is time', () => performance.now() > at + ms)
    },
    onRequest({ response, range }) {
      const { begin, last } = range ?? { begin: 0, last: data.length - 1 }
      const end = Math.min(last + 1, data.length)
      response.writeHead(206, {
        'content-range': `bytes ${begin}-${end - 1}/${data.length}`,
        'content-length': end - begin,
        etag: '"trickle"',
      })
      let at = begin
      const timer = setInterval(() => {
        began.resolve(performance.now())
        const next = isFinishing ? end : Math.min(at + data.length / 100, end - 1)
        response.write(data.subarray(at, next))
        at = next
        if (at < end) return
        clearInterval(timer)
        response.end()
      }, 50)
      response.on('close', () => clearInterval(timer))
    },
  }
}
