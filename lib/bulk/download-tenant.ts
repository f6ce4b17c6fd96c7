import type { Tenant } from '../api/tenants.ts'
import { anySignal } from './any-signal.ts'

/** A download as a tenant of its dispatcher, which ends it with destroy(). */
export class DownloadTenant implements Tenant {
  readonly #destroyed = new AbortController()
  readonly #ended = Promise.withResolvers<void>()
  readonly #told = Promise.withResolvers<void>()

  /** The signal for the download: it also aborts with the program's own. */
  signalWith(signal: AbortSignal | undefined): AbortSignal {
    return anySignal(this.#destroyed.signal, signal)
  }

  /** Call this when nothing of the download runs any more. */
  end(): void {
    this.#ended.resolve()
  }

  /** Resolves when the program may hear that the download has failed. */
  async whenTold(): Promise<void> {
    if (this.#destroyed.signal.aborted) {
      await this.#told.promise
    }
  }

  async stop(reason: unknown): Promise<() => void> {
    this.#destroyed.abort(reason)
    await this.#ended.promise
    return this.#told.resolve
  }
}
