/** Words of the rows that no table tries yet. It may only become shorter. */
export const uncovered: readonly string[] = [
  'a 407 from a',
  'Over HTTP/2 repeated request',
  'Over HTTP/2 heads of',
]

/** Rows that are no behaviour that a test of one build could show, and why. */
export const untestable: readonly { readonly row: string; readonly why: string }[] = [
  { row: '| HTTP/3 |', why: 'there is no option' },
  { row: 'prebuilt binaries', why: 'there are none' },
  { row: 'With `-DDODICI_CURL=system`', why: 'of another build' },
  { row: 'No connection is kept idle for more than two minutes', why: 'it takes two minutes' },
  {
    row: '`maxCachedSessions` above 0',
    why: 'undici holds its sessions weakly: whether it resumes one is up to the garbage collector',
  },
  { row: "When Node's defaults of TLS change while", why: 'as of maxCachedSessions' },
  { row: '| extras |', why: 'undici has nothing to compare with' },
]
