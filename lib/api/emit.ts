import type { Dispatcher } from 'undici'
import { throwLater } from '../errors/throw-later.ts'

/** Emits, by whatever name. What making the values or a listener throws comes up on its own, and breaks nothing here. */
export function emit(emitter: Dispatcher, event: string, values: () => unknown[]): void {
  try {
    // undici's type lists each event on its own.
    ;(emitter.emit as (event: string, ...values: unknown[]) => boolean).call(
      emitter,
      event,
      ...values(),
    )
  } catch (thrown) {
    throwLater(thrown)
  }
}
