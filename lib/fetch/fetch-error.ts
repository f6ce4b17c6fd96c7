const message = 'fetch failed'

/** The error that fetch() rejects with when the network or the server has failed. */
export function fetchFailed(cause: unknown): TypeError {
  return new TypeError(message, { cause })
}

/**
 * Gives such an error the stack of the call: an error made while the promise is awaited names the awaiting function. A
 * user's own abort reason keeps its stack.
 */
export function withCallersStack(error: unknown): never {
  if (error instanceof TypeError && error.message === message) {
    Error.captureStackTrace(error, withCallersStack)
  }
  throw error
}
