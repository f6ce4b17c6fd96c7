import { install as installUndici } from '../compat/undici-exports.ts'
import { fetch } from './fetch.ts'

/**
 * Puts fetch() and what belongs to it into `globalThis`, as undici's `install()` does: `fetch` is ours, and `Headers`,
 * `Request`, `Response`, `FormData`, `WebSocket`, `EventSource` and their events are undici's.
 */
export function install(): void {
  installUndici()
  installFetch()
}

/** Puts fetch() alone in the place of Node's own. Not where `DODICI_FETCH=undici` is set: then Node's own stays. */
export function installFetch(): void {
  if (process.env['DODICI_FETCH'] !== 'undici') {
    globalThis.fetch = fetch as unknown as typeof globalThis.fetch
  }
}
