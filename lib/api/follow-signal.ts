/** Calls `onAbort` with the signal's reason when it is aborted, at once if it is already. Returns what ends that. */
export function followSignal(
  signal: AbortSignal | null | undefined,
  onAbort: (reason: unknown) => void,
): () => void {
  if (!signal) {
    return () => {}
  }
  const listener = (): void => onAbort(signal.reason)
  if (signal.aborted) {
    listener()
    return () => {}
  }
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
