/** Returns a signal that aborts with the first of these that does, with its reason. `undefined` stands for no signal. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}
