const message = 'fetch failed'

/** What fetch() rejects with when the network, or the server, is to blame. */
export function fetchFailed(cause: unknown): TypeError {
  return new TypeError(message, { cause })
}

/**
 * Gives such an error the stack of its call: made here, while the promise is awaited, it names who awaits it. A user's own
 * reason to abort keeps its stack.
 */
export function withCallersStack(error: unknown): never {
  if (error instanceof TypeError && error.message === message) {
    Error.captureStackTrace(error, withCallersStack)
  }
  throw error
}
