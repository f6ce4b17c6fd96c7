import process from 'node:process'
import { errors } from '../compat/undici.ts'

const { InvalidArgumentError } = errors

/** Why a controller was aborted: the process got a signal. */
export class SignalError extends Error {
  override name = 'SignalError'
  readonly code = 'ERR_SIGNAL'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`the process got ${signal}`)
    this.signal = signal
  }
}

/**
 * Aborts `controller` with a `SignalError` when the process gets one of `signals` (default: `SIGINT` and `SIGTERM`), so
 * that what depends on its signal can end in order. A second signal ends the process at once, as without this function.
 * `Symbol.dispose` of the result lets the signals do again what they do by default.
 *
 * Throws `InvalidArgumentError` if `controller` is not an AbortController, or if `signals` is not a list of names.
 */
export function cancelOnSignals(
  controller: AbortController,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Disposable {
  if (typeof controller?.abort !== 'function') {
    throw new InvalidArgumentError('controller must be an AbortController')
  }
  if (!Array.isArray(signals) || signals.some((name) => typeof name !== 'string')) {
    throw new InvalidArgumentError('signals must be an array of names of signals')
  }
  const stop = (): void => {
    for (const name of signals) {
      process.off(name, onSignal)
    }
  }
  const onSignal = (name: NodeJS.Signals): void => {
    stop()
    controller.abort(new SignalError(name))
  }
  for (const name of signals) {
    process.on(name, onSignal)
  }
  return { [Symbol.dispose]: stop }
}
