/** What a request looks like over HTTP/2. */
import { FrameFlag, FrameType } from '../../support/servers/h2-frames.ts'
import { matching, notMatching, without } from '../matchers.ts'
import { answered } from '../row.ts'
import type { Http2Row } from '../row.ts'

const accepted = { ...answered, body: 'ok' }

export const http2RequestRows: readonly Http2Row[] = [
  {
    clause: '9113 §8.3.1',
    level: 'must',
    situation: 'a GET',
    demand: 'method, scheme, authority and path are pseudo-fields',
    expected: {
      ...accepted,
      sent: { line: matching(/^GET https localhost:\d+ \/broken$/) },
    },
  },
  {
    clause: '9113 §8.3',
    level: 'must',
    situation: 'a request with a header',
    demand: 'pseudo-fields come first',
    request: { headers: { accept: 'a/b' } },
    expected: { ...accepted, sent: { text: matching(/^(:\w+: .*\n){4}[^:]/) } },
  },
  {
    clause: '9113 §8.2.1',
    level: 'must',
    situation: 'a header in capitals',
    demand: 'its name is sent in small letters',
    request: { headers: { 'X-A': 'B' } },
    expected: { ...accepted, sent: { text: matching(/^x-a: B$/m) } },
  },
  {
    clause: '9113 §8.3.1',
    level: 'should',
    situation: 'a request without a host header of the user’s',
    demand: 'the authority is in :authority, and there is no host',
    expected: { ...accepted, sent: { fields: without('host') } },
  },
  {
    clause: '9113 §8.3.1',
    level: 'must',
    situation: 'a host header of the user’s',
    demand: 'is the authority, and does not differ from a host field',
    request: { headers: { host: 'localhost' } },
    scope: 'connection',
    expected: {
      ...accepted,
      sent: { line: 'GET https localhost /broken', fields: without('host') },
    },
  },
  {
    clause: '9113 §8.3.1',
    level: 'must',
    situation: 'an origin with a user’s name and password',
    demand: 'they are no part of the authority',
    scope: 'connection',
    request: (origin) => ({ origin: origin.replace('//', '//user:secret@') }),
    expected: {
      ...accepted,
      sent: {
        line: matching(/^GET https localhost:\d+ \/broken$/),
        text: notMatching(/secret/),
      },
    },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'a request without headers of the user’s',
    demand: 'no field is about the connection',
    expected: {
      ...accepted,
      sent: {
        fields: without('connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host'),
      },
    },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'connection: close of the user’s',
    demand: 'is not sent',
    request: { headers: { connection: 'close' } },
    expected: { ...accepted, sent: { fields: without('connection') } },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'te: trailers of the user’s',
    demand: 'is sent: it is the one value that te may have',
    request: { headers: { te: 'trailers' } },
    expected: { ...accepted, sent: { fields: { te: ['trailers'] } } },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'te with another value',
    demand: 'is not sent',
    request: { headers: { te: 'gzip' } },
    expected: { ...accepted, sent: { fields: without('te') } },
    undici: { differs: 'fails requests of that connection', observed: 'harm' },
  },
  {
    clause: '9113 §8.2.2',
    level: 'must',
    situation: 'proxy-connection of the user’s',
    demand: 'is not sent',
    request: { headers: { 'proxy-connection': 'keep-alive' } },
    expected: { ...accepted, sent: { fields: without('proxy-connection') } },
    undici: { differs: 'fails requests of that connection', observed: 'harm' },
  },
  {
    clause: '9113 §8.2.1',
    level: 'must',
    situation: 'blanks in front of a value',
    demand: 'are not sent',
    request: { headers: { 'x-a': ' b' } },
    expected: { ...accepted, sent: { fields: { 'x-a': ['b'] } } },
    undici: { differs: 'sends them', observed: { sent: { fields: { 'x-a': [' b'] } } } },
  },
  {
    clause: '9113 §8.2.1',
    level: 'must',
    situation: 'blanks behind a value',
    demand: 'are not sent',
    request: { headers: { 'x-a': 'b ' } },
    expected: { ...accepted, sent: { fields: { 'x-a': ['b'] } } },
    undici: { differs: 'sends them', observed: { sent: { fields: { 'x-a': ['b '] } } } },
  },
  {
    clause: '9113 §8.2.3',
    level: 'must',
    situation: 'a cookie of several pairs',
    demand: 'may be split into fields, and is the same when they are joined',
    request: { headers: { cookie: 'a=b; c=d' } },
    expected: {
      ...accepted,
      sent: { text: matching(/^cookie: a=b(; |\ncookie: )c=d$/m) },
    },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'a header with several values',
    demand: 'all are sent, in their order',
    request: { headers: { 'x-a': ['1', '2'] } },
    expected: { ...accepted, sent: { text: matching(/^x-a: 1(, |\nx-a: )2$/m) } },
  },
  {
    clause: '9113 §8.1',
    level: 'must',
    situation: 'a GET without content',
    demand: 'its head ends the stream',
    sends: ({ type, flags, stream }, asked) =>
      type === FrameType.headers &&
      stream === asked &&
      (flags & FrameFlag.endStream) === FrameFlag.endStream,
    expected: { ...accepted, sent: { body: '' } },
  },
  {
    clause: '9113 §8.3.1',
    level: 'must',
    situation: 'a path with a query',
    demand: 'both are :path, as they are',
    request: { path: '/a%2F/../b?c=/?' },
    expected: { ...accepted, sent: { line: matching(/ \/a%2F\/\.\.\/b\?c=\/\?$/) } },
  },
]
