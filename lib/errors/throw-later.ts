/** Makes `error` an uncaught exception without interrupting the caller. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
