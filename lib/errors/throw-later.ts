/** Throws where nobody else is under way: it becomes an uncaught exception, and breaks nothing for others. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
