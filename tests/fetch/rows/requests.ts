import { outcome, type Context, type Row } from '../row.ts'

async function sent(
  context: Context,
  input: unknown,
  init?: Record<string, unknown>,
): Promise<unknown> {
  const result = await outcome(context.fetch(input, init).then((response) => response.text()))
  return {
    result,
    received: context.received.map(({ method, url, body }) => ({ method, url, body })),
  }
}

async function headersOf(
  context: Context,
  init: Record<string, unknown>,
  ...names: string[]
): Promise<unknown> {
  const result = await outcome(
    context.fetch(context.base, init).then((response) => response.status),
  )
  const [request] = context.received
  return [result, names.map((name) => request?.headers[name])]
}

const urls: Row[] = (
  [
    ['a path and a query', '/a/b?c=d&e'],
    ['no path', ''],
    ['a query without a path', '?q'],
    ['a fragment, which is not sent', '/a#b'],
    ['an empty fragment', '/a#'],
    ['an empty query', '/a?'],
    ['dot segments', '/a/./b/../c'],
    ['encoded dot segments', '/a/%2e%2E/c'],
    ['blanks and quotes', '/a b/"c"?d e="f"\''],
    ['a backslash', '/a\\b'],
    ['letters beyond ASCII', '/\u00e4/\u20ac?\u00fc=\ud83d\ude00'],
    ['percent signs of all kinds', '/%41%zz%'],
    ['a tab and line feeds', '/a\t\nb'],
    ['braces, bars and carets', '/{a|b}^`<>'],
    ['a colon and an at sign', '/a:b@c'],
    ['a double slash', '//a//b'],
  ] as const
).map(([situation, path]) => ({
  clause: 'Request constructor: URL',
  situation,
  show: (context) => sent(context, context.base + path),
}))

const inputs: Row[] = [
  ['a URL object', (base: string) => new URL('/x?y#z', base)],
  ['an object with toString()', (base: string) => ({ toString: () => `${base}/s` })],
  ['a String object', (base: string) => Object(`${base}/s`) as unknown],
  ['blanks around a URL', (base: string) => `  ${base}/b \n`],
  ['upper case in scheme and host', (base: string) => base.replace('http', 'HTTP')],
  ['a relative URL', () => '/x'],
  ['nothing of a URL', () => 'http://'],
  ['an empty string', () => ''],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a number', () => 1],
  ['a symbol', () => Symbol('x')],
  ['credentials', (base: string) => base.replace('://', '://user:pass@')],
  ['a port that is blocked', () => 'http://localhost:25/'],
  ['an unknown scheme', () => 'gopher://localhost/'],
  ['file:', () => 'file:///x'],
  ['about:blank', () => 'about:blank'],
  ['data:', () => 'data:text/plain;charset=utf-8,hi%20there'],
  ['data: with base64', () => 'data:;base64,aGk='],
  ['a broken data:', () => 'data:x'],
].map(([situation, input]) => ({
  clause: 'Request constructor: input',
  situation: situation as string,
  show: (context) => sent(context, (input as (base: string) => unknown)(context.base)),
}))

const methods: Row[] = [
  'get',
  'Get',
  'post',
  'PuT',
  'delete',
  'head',
  'options',
  'PATCH',
  'Patch',
  'PROPFIND',
  'propfind',
  'QUERY',
  'query',
  'X-Y',
  'CONNECT',
  'trace',
  'TRACK',
  '',
  'A B',
  'A\n',
  null,
  undefined,
  7,
].map((method) => ({
  clause: 'Request constructor: method',
  situation: JSON.stringify(method) ?? 'undefined',
  show: (context) => sent(context, context.base, { method }),
}))

const enums: Row[] = [
  { redirect: 'other' },
  { redirect: null },
  { mode: 'cors' },
  { mode: 'same-origin' },
  { mode: 'no-cors' },
  { mode: 'navigate' },
  { mode: 'x' },
  { credentials: 'include' },
  { credentials: 'omit' },
  { credentials: 'x' },
  { cache: 'no-store' },
  { cache: 'no-cache' },
  { cache: 'reload' },
  { cache: 'force-cache' },
  { cache: 'only-if-cached' },
  { cache: 'x' },
  { referrer: '' },
  { referrer: 'about:client' },
  { referrer: 'http://a.test/b' },
  { referrer: 'http://[' },
  { referrerPolicy: 'no-referrer' },
  { referrerPolicy: 'x' },
  { integrity: '' },
  { integrity: 'sha256-AAAA' },
  { integrity: 'md5-x' },
  { keepalive: true },
  { keepalive: 0 },
  { window: null },
  { window: {} },
  { duplex: 'half' },
  { duplex: 'full' },
  { priority: 'high' },
  { priority: 'x' },
  { signal: null },
  { signal: {} },
  { unknown: 'option' },
].map((init) => ({
  clause: 'Request constructor: init',
  situation: JSON.stringify(init),
  show: async (context) => [
    await sent(context, context.base, init),
    context.received.map(({ headers }) => [
      headers['cache-control'],
      headers['pragma'],
      headers['referer'],
      headers['sec-fetch-mode'],
    ]),
  ],
}))

const inits: Row[] = [null, undefined, 1, 'x', true, [], () => {}, Symbol('x')].map((init) => ({
  clause: 'Request constructor: init',
  situation: `that is ${typeof init === 'symbol' ? 'a symbol' : (JSON.stringify(init) ?? typeof init)}`,
  show: (context) => sent(context, context.base, init as unknown as Record<string, unknown>),
}))

const headers: Row[] = [
  { 'x-a': '1', 'X-B': '2' },
  { 'x-a': '1', 'X-A': '2' },
  { cookie: 'a=1', Cookie: 'b=2' },
  { 'x-a': ' \t1 2\t ' },
  { 'x-a': '' },
  { 'x-a': 1 },
  { 'x-a': null },
  { 'x-a': undefined },
  { 'x-a': true },
  { 'x-a': ['1', '2'] },
  { 'x-a': {} },
  { 'x-a': '\u00e9' },
  { 'x-a': '\u20ac' },
  { 'x-a': 'a\nb' },
  { 'x-a': 'a\0b' },
  { 'x-a': 'a\u0001b' },
  { 'x a': '1' },
  { '': '1' },
  { 'x-\u00e9': '1' },
  { host: 'other.test' },
  { connection: 'close' },
  { 'content-length': '3' },
  { 'transfer-encoding': 'chunked' },
  { 'user-agent': 'me', accept: 'a/b', 'accept-language': 'de', 'accept-encoding': 'x' },
  { range: 'bytes=0-1' },
  { range: 'bytes=0-1', 'accept-encoding': 'br' },
  { 'if-none-match': '"x"' },
  { 'sec-fetch-mode': 'navigate' },
  { authorization: 'Basic x' },
  { expect: '100-continue' },
  [
    ['x-a', '1'],
    ['x-a', '2'],
  ],
  [['x-a', '1', '2']],
  [['x-a']],
  ['x-a', '1'],
  new Map([['x-a', '1']]),
  new Headers({ 'x-a': '1' }),
  new URLSearchParams('x-a=1'),
  'x-a: 1',
  1,
  null,
  [],
].map((given) => ({
  clause: 'Request constructor: headers',
  situation: describeHeaders(given),
  show: async (context) => {
    const { base, received } = context
    const result = await outcome(
      context.fetch(base, { headers: given }).then((response) => response.status),
    )
    return [
      result,
      received.map(({ rawHeaders }) =>
        rawHeaders
          .slice(2)
          .map((text) => (text === 'Connection' ? 'connection' : text))
          .toSorted(),
      ),
    ]
  },
}))

function describeHeaders(given: unknown): string {
  return given instanceof Map || given instanceof Headers || given instanceof URLSearchParams
    ? `${given.constructor.name} ${JSON.stringify([...given])}`
    : JSON.stringify(given, (_name, value: unknown) => (value === undefined ? 'undefined' : value))
}

const own: Row[] = [
  {
    clause: 'HTTP-network-or-cache fetch',
    situation: 'the headers of its own, and their order',
    show: async ({ fetch, base, received }) => {
      await fetch(base, { headers: { 'X-First': '1', accept: 'a/b' } })
      const names = received[0]?.rawHeaders.filter((_text, i) => i % 2 === 0) ?? []
      return names.filter((name) => !/^(?:host|connection)$/i.test(name))
    },
  },
  ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({
    clause: 'HTTP-network-or-cache fetch',
    situation: `content-length of a ${method} without body`,
    show: (context: Context) => headersOf(context, { method }, 'content-length'),
  })),
]

export const requestRows: readonly Row[] = [
  ...urls,
  ...inputs,
  ...methods,
  ...enums,
  ...inits,
  ...headers,
  ...own,
]
