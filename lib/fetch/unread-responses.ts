import type { FetchBody } from './fetch-body.ts'

// A response that nobody reads holds its connection. When the response is garbage-collected, its request is aborted.
const registry = new FinalizationRegistry<FetchBody>((body) => body.abandon())

/**
 * Responses that began in this turn of the event loop. Most are complete or being read at its end; registering them all
 * would be slow.
 */
let begun: [response: WeakKey, body: FetchBody][] = []

/** Call this for each response with a body: if both are dropped unread, the request is aborted. */
export function whenUnread(response: WeakKey, body: FetchBody): void {
  if (begun.push([response, body]) === 1) {
    setImmediate(registerUnread)
  }
}

function registerUnread(): void {
  const all = begun
  begun = []
  for (const [response, body] of all) {
    if (body.isUnread) {
      registry.register(response, body)
    }
  }
}
