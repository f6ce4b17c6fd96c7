import type { FetchBody } from './fetch-body.ts'

// A response that nobody reads holds its connection. When it is collected, so is its request.
const registry = new FinalizationRegistry<FetchBody>((body) => body.abandon())

/** Responses that began in this turn. Most are complete, or being read, at its end: to register them would cost more than they do. */
let begun: [response: WeakKey, body: FetchBody][] = []

/** `response` has `body`, and perhaps nobody who reads it. */
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
