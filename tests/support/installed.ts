/** install(), undici's or ours, for a while. */

/** What it puts into the global object. */
const names = (
  'fetch Headers Request Response FormData WebSocket CloseEvent ErrorEvent MessageEvent ' +
  'EventSource'
).split(' ')

/** Calls `install`; what is given back takes it back. */
export function installed(install: () => void): () => void {
  const before = names.map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  )
  install()
  return () => {
    for (const [name, descriptor] of before) {
      // Node 24 has no EventSource unless it is asked for.
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, descriptor)
    }
  }
}
