import type { Dispatcher } from 'undici'
import { throwLater } from '../errors/throw-later.ts'

/** Emits an event. If a listener or `values` throws, the error becomes an uncaught exception and the caller goes on. */
export function emit(emitter: Dispatcher, event: string, values: () => unknown[]): void {
  try {
    // undici's type has an overload for each event, and none for a name that is a variable.
    ;(emitter.emit as (event: string, ...values: unknown[]) => boolean).call(
      emitter,
      event,
      ...values(),
    )
  } catch (thrown) {
    throwLater(thrown)
  }
}
