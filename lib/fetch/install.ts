import { install as installUndici } from '../compat/undici-exports.ts'
import { fetch, linkAgain } from './fetch.ts'

/**
 * Puts fetch() and related classes into `globalThis`, as undici's `install()` does. `fetch` is ours; `Headers`,
 * `Request`, `Response`, `FormData`, `WebSocket`, `EventSource` and their events are undici's.
 */
export function install(): void {
  installUndici()
  linkAgain()
  installFetch()
}

/** Replaces the global fetch() alone, unless `DODICI_FETCH=undici` is set. */
export function installFetch(): void {
  if (process.env['DODICI_FETCH'] !== 'undici') {
    globalThis.fetch = fetch as unknown as typeof globalThis.fetch
  }
}
