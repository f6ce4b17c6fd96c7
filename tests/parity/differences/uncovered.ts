/** Words of the rows that no table tries yet. It may only become shorter. */
export const uncovered: readonly string[] = [
  '`upgrade` and CONNECT',
  'an upgraded socket',
  'proxies | agents of',
  'what a proxy agent',
  '`socketPath` beside `proxy`',
  'a 407 from a',
  '`connectionError` when a proxy',
  'An address that does',
  'Over HTTP/2 repeated request',
  'Over HTTP/2 heads of',
  'Proxies are spoken to',
  'Origins that a proxy',
  'Headers for the proxy',
  'A SOCKS reply that',
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
