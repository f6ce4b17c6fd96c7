/** Responses whose meaning concerns the caller, so that a client delivers them unchanged. */
import { without } from '../matchers.ts'
import { answered, response } from '../row.ts'
import type { Http1Row } from '../row.ts'

const accepted = { ...answered, body: 'ok', kept: true }

/** Each status comes with these fields; body and fields must come through, and no second request be made. */
const responses: readonly [
  situation: string,
  clause: Http1Row['clause'],
  status: string,
  headers: Readonly<Record<string, string | string[]>>,
][] = [
  ['301', '9110 §15.4.2', '301 Moved Permanently', { location: '/elsewhere' }],
  ['302', '9110 §15.4.3', '302 Found', { location: 'http://127.0.0.1:1/' }],
  ['303', '9110 §15.4.4', '303 See Other', { location: '../a?b#c' }],
  ['307', '9110 §15.4.8', '307 Temporary Redirect', { location: '//127.0.0.1:1/' }],
  ['308', '9110 §15.4.9', '308 Permanent Redirect', { location: '' }],
  ['300 with choices', '9110 §15.4.1', '300 Multiple Choices', { link: '</a>; rel=alternate' }],
  ['content-encoding gzip', '9110 §8.4', '200 OK', { 'content-encoding': 'gzip' }],
  ['several codings of content', '9110 §8.4', '200 OK', { 'content-encoding': 'br, gzip, x' }],
  ['206 with a range', '9110 §15.3.7', '206 Partial Content', { 'content-range': 'bytes 0-1/9' }],
  [
    '206 with several ranges',
    '9110 §15.3.7',
    '206 Partial Content',
    { 'content-type': 'multipart/byteranges; boundary="a:b"' },
  ],
  ['416', '9110 §15.5.17', '416 Range Not Satisfiable', { 'content-range': 'bytes */9' }],
  ['accept-ranges', '9110 §14.3', '200 OK', { 'accept-ranges': 'bytes' }],
  [
    'fields for caches',
    '9111 §5.2',
    '200 OK',
    { 'cache-control': ['no-store', 'private="a, b"'], expires: '0', age: '7', pragma: 'no-cache' },
  ],
  [
    'validators',
    '9110 §8.8',
    '200 OK',
    { etag: 'W/"a\xe9"', 'last-modified': 'Thu, 01 Jan 1970 00:00:00 GMT', vary: '*' },
  ],
  ['412', '9110 §15.5.13', '412 Precondition Failed', { etag: '"a"' }],
  [
    'several challenges',
    '9110 §11.6.1',
    '401 Unauthorized',
    { 'www-authenticate': ['Basic realm="a, b"', 'Digest nonce=c, Bearer'] },
  ],
  ['407', '9110 §15.5.8', '407 Proxy Auth', { 'proxy-authenticate': 'Basic realm="a"' }],
  ['authentication-info', '9110 §11.6.3', '200 OK', { 'authentication-info': 'nextnonce="a"' }],
  [
    'cookies with commas in them',
    '6265 §3',
    '200 OK',
    { 'set-cookie': ['a=b; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'c=d; HttpOnly', 'e="f,g"'] },
  ],
  ['405', '9110 §15.5.6', '405 Method Not Allowed', { allow: 'GET, HEAD, ,' }],
  ['451', '7725 §3', '451 Unavailable', { link: '<a>; rel="blocked-by"' }],
  ['another service', '7838 §3', '200 OK', { 'alt-svc': 'h2=":1"; ma=60, h3=":1"' }],
  ['a date that is none', '9110 §6.6.1', '200 OK', { date: 'yesterday' }],
  ['a type that is none', '9110 §8.3', '200 OK', { 'content-type': 'text' }],
  ['via', '9110 §7.6.3', '200 OK', { via: ['1.0 a, 1.1 b', '1.1 c (d)'] }],
]

function linesOf(headers: Readonly<Record<string, string | string[]>>): string {
  return Object.entries(headers)
    .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`))
    .join('')
}

export const http1PassThroughRows: readonly Http1Row[] = [
  ...responses.map(([situation, clause, status, headers]): Http1Row => ({
    clause,
    level: 'must',
    situation: `a response with ${situation}`,
    demand: 'comes through as it is, and has no other effect',
    answer: response(linesOf(headers), 'ok', status),
    expected: { ...accepted, status: Number(status.slice(0, 3)), headers },
  })),
  {
    clause: '9110 §15.5.20',
    level: 'may',
    situation: '421',
    demand: 'is a response; asking again elsewhere is left to the user',
    answer: response('', 'ok', '421 Misdirected Request'),
    expected: { ...answered, body: 'ok', status: 421 },
  },
  {
    clause: '9110 §15.5.22',
    level: 'must',
    situation: '426 with what to upgrade to',
    demand: 'is a response',
    answer: response('upgrade: a/1\r\nconnection: upgrade\r\n', 'ok', '426 Upgrade Required'),
    expected: { ...answered, body: 'ok', status: 426, headers: { upgrade: 'a/1' } },
  },
  {
    clause: '9110 §7.8',
    level: 'must',
    situation: 'upgrade in a response that is no 101',
    demand: 'is an offer, and nothing changes',
    answer: response('upgrade: h2c\r\nconnection: upgrade\r\n'),
    expected: { ...answered, body: 'ok', status: 200 },
  },
  {
    clause: '9110 §6.6.2',
    level: 'must',
    situation: 'trailers that were announced',
    demand: 'come as trailers',
    answer:
      'HTTP/1.1 200 OK\r\ntrailer: x-a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-a: b\r\n\r\n',
    expected: { ...accepted, headers: { trailer: 'x-a' }, trailers: { 'x-a': 'b' } },
  },
  {
    clause: '9110 §8.4',
    level: 'must',
    situation: 'compressed bytes',
    demand: 'come through, and their length with them',
    answer: response('content-encoding: gzip\r\n', '\x1f\x8b\b\0\0\xff'),
    expected: {
      ...answered,
      body: '\x1f\x8b\b\0\0\xff',
      headers: { 'content-encoding': 'gzip', 'content-length': '6' },
      sent: { fields: without('accept-encoding') },
    },
  },
]
