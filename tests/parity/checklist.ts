/**
 * Where those items of the contract's checklist are tested that have no row in the table: they are about processes,
 * memory or connections over time, or have no counterpart in undici's Agent.
 */

/** A test file and words of its tests' names, or the text in COMPATIBILITY.md about an item that differs. */
export type Covered =
  | { readonly file: string; readonly test: string }
  | { readonly compatibility: string }
  | { readonly todo: string }

export const elsewhere: Readonly<Record<number, Covered>> = {
  12: { file: 'contract/timeouts', test: 'is extended by 1xx responses' },
  44: { file: 'contract/memory-download', test: 'read slowly grows resident memory' },
  62: { file: 'contract/uploads', test: 'answered before its end succeeds' },
  63: { file: 'contract/memory-upload', test: 'stops pulling from the generator while the server' },
  69: { file: 'contract/exit', test: 'lives until its requests have ended' },
  80: { file: 'contract/legacy-handlers', test: 'gets its calls in order, raw headers as Buffers' },
  81: { file: 'contract/consumers-node', test: 'of Node $major, $by, over $protocol' },
  82: { file: 'contract/consumers-node', test: 'terminated' },
  83: { file: 'contract/fetch', test: "set by undici's own setter works for Node's fetch as well" },
  84: { file: 'contract/observability', test: 'whose identity reaches the server' },
  85: { file: 'contract/addresses', test: 'of the caller holds after request()' },
  87: { file: 'contract/truncation-h2', test: 'REFUSED_STREAM is tried again, once' },
  88: { file: 'contract/timeouts', test: 'resets the stream of HTTP/2, and the others go on' },
  91: { file: 'contract/reuse', test: 'does not share a connection between two servernames' },
  92: { file: 'contract/wire', test: 'HTTP_PROXY' },
  93: { file: 'contract/addresses', test: 'leads every origin to the unix socket' },
  96: { file: 'contract/responses', test: 'does not change while the caller keeps it' },
  97: { file: 'contract/stress', test: 'end exactly once each' },
  98: { file: 'contract/consumers-composed', test: 'mocks beside the agent' },
  99: {
    file: 'lib/compat/undici7',
    test: 'is a Dispatcher of that undici, which its errors come from',
  },
}
