/** What a request looks like over HTTP/1.1. */
import { matching, notMatching, without } from '../matchers.ts'
import { answered, neverSent, response } from '../row.ts'
import type { Http1Row } from '../row.ts'

const accepted = { ...answered, body: 'ok', kept: true }

const teAlone = {
  ...accepted,
  sent: { fields: { te: ['trailers'], connection: ['keep-alive'] } },
}

const lines: readonly Http1Row[] = [
  {
    clause: '9112 §3',
    level: 'must',
    situation: 'a GET',
    demand: 'method, target and version with one blank between them',
    expected: { ...accepted, sent: { line: 'GET /broken HTTP/1.1' } },
  },
  {
    clause: '9112 §3.2.1',
    level: 'must',
    situation: 'a path with a query',
    demand: 'both are the target, as they are',
    request: { path: '/a%2Fb/../c?d=%20&e=/?' },
    expected: { ...accepted, sent: { line: 'GET /a%2Fb/../c?d=%20&e=/? HTTP/1.1' } },
  },
  {
    clause: '9112 §3.2.1',
    level: 'must',
    situation: 'an empty path',
    demand: 'is sent as a slash',
    request: { path: '/' },
    expected: { ...accepted, sent: { line: 'GET / HTTP/1.1' } },
  },
  {
    clause: '9112 §3.2.2',
    level: 'must',
    situation: 'a target with scheme and host, as for a proxy',
    demand: 'is sent as it is, with its host as Host',
    request: { path: 'http://example.com/a?b', headers: { host: 'example.com' } },
    expected: {
      ...accepted,
      sent: { line: 'GET http://example.com/a?b HTTP/1.1', fields: { host: ['example.com'] } },
    },
  },
  {
    clause: '9112 §3.2.4',
    level: 'must',
    situation: 'OPTIONS of the server as a whole',
    demand: 'the target is an asterisk',
    request: { method: 'OPTIONS', path: '*' },
    expected: { ...accepted, sent: { line: 'OPTIONS * HTTP/1.1' } },
    undici: { differs: 'refuses such a path', observed: neverSent },
    ours: { fails: 'refuses such a path, as undici does', observed: neverSent },
  },
  {
    clause: '9110 §9.1',
    level: 'must',
    situation: 'a method in small letters',
    demand: 'is sent as it is: methods differ by case',
    request: { method: 'purge' },
    expected: { ...accepted, sent: { line: 'purge /broken HTTP/1.1' } },
  },
  {
    clause: '9110 §9.1',
    level: 'must',
    situation: 'a method that nobody has defined',
    demand: 'is sent',
    request: { method: 'X-$&+' },
    expected: { ...accepted, sent: { line: 'X-$&+ /broken HTTP/1.1' } },
  },
  {
    clause: '9112 §3.2',
    level: 'must',
    situation: 'no host header of the user’s',
    demand: 'one Host, with the port when it is not the scheme’s',
    expected: {
      ...accepted,
      sent: { fields: { host: [matching(/^127\.0\.0\.1:\d+$/)] } },
    },
  },
  {
    clause: '9112 §3.2',
    level: 'must',
    situation: 'a host header of the user’s',
    demand: 'it is the only one',
    request: { headers: { Host: 'example.com:81' } },
    expected: { ...accepted, sent: { fields: { host: ['example.com:81'] } } },
  },
  {
    clause: '9110 §4.2.4',
    level: 'must',
    situation: 'an origin with a user’s name and password',
    demand: 'they are no part of target and host',
    request: (origin) => ({ origin: origin.replace('//', '//user:secret@') }),
    expected: {
      ...answered,
      sent: {
        line: 'GET /broken HTTP/1.1',
        fields: { host: [matching(/^127\.0\.0\.1:\d+$/)] },
        text: notMatching(/secret/),
      },
    },
  },
  {
    clause: '9110 §7.2',
    level: 'should',
    situation: 'a request with other headers',
    demand: 'Host comes first',
    request: { headers: { accept: 'a/b' } },
    expected: {
      ...accepted,
      sent: { text: matching(/^GET \/broken HTTP\/1\.1\r\nhost: /i) },
    },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'a header with several values',
    demand: 'all are sent, in their order',
    request: { headers: { 'x-a': ['1', '2'], 'x-b': '3' } },
    expected: {
      ...accepted,
      sent: { text: matching(/x-a: 1(, |\r\nx-a: )2\r\nx-b: 3\r\n/) },
    },
  },
  {
    clause: '9110 §5.5',
    level: 'must',
    situation: 'a header value with bytes above 127',
    demand: 'they are sent as they are',
    request: { headers: { 'x-a': '\xe9' } },
    expected: { ...accepted, sent: { fields: { 'x-a': ['\xe9'] } } },
  },
  {
    clause: '9110 §11.6.2',
    level: 'must',
    situation: 'credentials for the server',
    demand: 'are sent as they are',
    request: { headers: { authorization: 'Digest username="a, b", uri="/"' } },
    expected: {
      ...accepted,
      sent: { fields: { authorization: ['Digest username="a, b", uri="/"'] } },
    },
  },
  {
    clause: '9110 §14.2',
    level: 'must',
    situation: 'a range',
    demand: 'is sent as it is',
    request: { headers: { range: 'bytes=0-1, -5', 'if-range': 'W/"a"' } },
    expected: {
      ...accepted,
      sent: { fields: { range: ['bytes=0-1, -5'], 'if-range': ['W/"a"'] } },
    },
  },
  {
    clause: '9110 §7.6.1',
    level: 'must',
    situation: 'connection: close of the user’s',
    demand: 'is sent, and the connection is not used again',
    request: { headers: { connection: 'close' } },
    expected: { ...accepted, kept: false, sent: { fields: { connection: ['close'] } } },
  },
  {
    clause: '9110 §10.1.4',
    level: 'must',
    situation: 'te of the user’s',
    demand: 'is named in connection, so that it goes no further than the next hop',
    request: { headers: { te: 'trailers' } },
    expected: {
      ...accepted,
      sent: { fields: { te: ['trailers'], connection: [matching(/\bte\b/i)] } },
    },
    undici: { differs: 'sends te alone', observed: teAlone },
    ours: { fails: 'sends te alone, as undici does', observed: teAlone },
  },
  {
    clause: '9112 §9.6',
    level: 'should',
    situation: 'a request that is to be the last one of its connection',
    demand: 'says close',
    request: { reset: true },
    expected: { ...accepted, kept: false, sent: { fields: { connection: ['close'] } } },
  },
  {
    clause: '9110 §10.1.1',
    level: 'must',
    situation: 'a request without content that is to wait for 100',
    demand: 'expects nothing: there is nothing to wait with',
    request: { expectContinue: true },
    expected: { ...accepted, sent: { fields: without('expect') } },
  },
  {
    clause: '9110 §10.1.1',
    level: 'must',
    situation: '417',
    demand: 'is a response like any other to who has expected nothing',
    request: { method: 'POST', body: 'abc' },
    answer: response('', 'no', '417 Expectation Failed'),
    expected: { ...answered, body: 'no', status: 417 },
  },
]

const impossible: readonly [
  situation: string,
  request: Http1Row['request'],
  clause: Http1Row['clause'],
][] = [
  ['a line break in a value', { headers: { 'x-a': 'b\r\nx-c: d' } }, '9110 §5.5'],
  ['LF in a value', { headers: { 'x-a': 'b\nx-c: d' } }, '9110 §5.5'],
  ['NUL in a value', { headers: { 'x-a': 'b\0' } }, '9110 §5.5'],
  ['a blank in a name', { headers: { 'x a': 'b' } }, '9110 §5.1'],
  ['a colon in a name', { headers: { 'x:a': 'b' } }, '9110 §5.1'],
  ['an empty name', { headers: { '': 'b' } }, '9110 §5.1'],
  ['a byte above 127 in a name', { headers: { 'x\xe9': 'b' } }, '9110 §5.1'],
  ['a blank in the method', { method: 'GET /' }, '9110 §9.1'],
  ['a line break in the method', { method: 'GET\r\n' }, '9110 §9.1'],
  ['a blank in the target', { path: '/a b' }, '9112 §3.2'],
  ['a line break in the target', { path: '/a\r\nx-b: c' }, '9112 §3.2'],
  ['NUL in the target', { path: '/a\0' }, '9112 §3.2'],
  ['a target that begins with no slash', { path: 'a' }, '9112 §3.2.1'],
  ['two hosts', { headers: { host: ['a', 'b'] } }, '9112 §3.2'],
  ['transfer-encoding of the user’s', { headers: { 'transfer-encoding': 'gzip' } }, '9112 §6.1'],
  [
    'content-length that is no number',
    { method: 'POST', body: 'a', headers: { 'content-length': 'one' } },
    '9110 §8.6',
  ],
  ['an upgrade that is no protocol', { upgrade: 'a\r\nb' }, '9110 §7.8'],
]

export const http1RequestRows: readonly Http1Row[] = [
  ...lines,
  ...impossible.map(([situation, request, clause]): Http1Row => ({
    clause,
    level: 'must',
    situation: `a request with ${situation}`,
    demand: 'is not sent',
    request: request ?? {},
    expected: neverSent,
  })),
]
