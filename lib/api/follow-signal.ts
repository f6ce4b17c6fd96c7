/**
 * Calls `onAbort` with the signal's reason once it is aborted, or at once if it already is. Returns a function that
 * stops listening.
 */
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
