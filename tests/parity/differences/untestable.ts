/** Rows that no test of one build can show to be true, and why. Each is a row of COMPATIBILITY.md. */
export const untestable: readonly { readonly row: string; readonly why: string }[] = [
  { row: '| HTTP/3 |', why: 'neither side has an option that a test could set' },
  {
    row: 'While a response only waits for its reader',
    why: 'it is about a whole process: tests/contract/exit.test.ts shows it',
  },
  { row: 'macOS and Windows', why: 'it says what is not published' },
  { row: 'With `-DDODICI_CURL=system`', why: 'it is about another build, which test:system tries' },
  { row: 'No connection is kept idle for more than two minutes', why: 'it takes two minutes' },
  {
    row: '`maxCachedSessions` above 0',
    why: 'undici holds its sessions weakly, so the garbage collector decides whether it resumes one',
  },
  {
    row: "When Node's defaults of TLS change while",
    why: 'whether undici resumes a session is up to the garbage collector, as for maxCachedSessions',
  },
]
