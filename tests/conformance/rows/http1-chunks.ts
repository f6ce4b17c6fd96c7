/** Chunked content. */
import { without } from '../matchers.ts'
import { answered, refused, thenClose } from '../row.ts'
import type { Http1Row } from '../row.ts'

const kHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const accepted = { ...answered, body: 'ok', kept: true }

const allowed: readonly [
  situation: string,
  chunks: string,
  demand: string,
  clause: Http1Row['clause'],
  more?: object,
][] = [
  ['one chunk', '2\r\nok\r\n0\r\n\r\n', 'is the content', '9112 §7.1'],
  ['a chunk a byte', '1\r\no\r\n1\r\nk\r\n0\r\n\r\n', 'is the content', '9112 §7.1'],
  ['no chunk but the last', '0\r\n\r\n', 'is an empty content', '9112 §7.1', { body: '' }],
  ['a last chunk of several zeros', '2\r\nok\r\n0000\r\n\r\n', 'is the last chunk', '9112 §7.1'],
  ['a size with zeros in front', '0002\r\nok\r\n0\r\n\r\n', 'is the size', '9112 §7.1'],
  [
    'a size of capital letters',
    `A\r\n0123456789\r\n0\r\n\r\n`,
    'is in base 16',
    '9112 §7.1',
    { body: '0123456789' },
  ],
  [
    'a size of small letters',
    `a\r\n0123456789\r\n0\r\n\r\n`,
    'is in base 16',
    '9112 §7.1',
    { body: '0123456789' },
  ],
  [
    'content that looks like a chunk',
    '7\r\n0\r\n\r\nok\r\n0\r\n\r\n',
    'is content',
    '9112 §7.1',
    { body: '0\r\n\r\nok' },
  ],
  ['an extension', '2;a\r\nok\r\n0\r\n\r\n', 'is ignored', '9112 §7.1.1'],
  ['an extension with a value', '2;a=b\r\nok\r\n0;c=d\r\n\r\n', 'is ignored', '9112 §7.1.1'],
  ['an extension in quotes', '2;a="b;c"\r\nok\r\n0\r\n\r\n', 'is ignored', '9112 §7.1.1'],
  ['several extensions', '2;a=b;c;d=e\r\nok\r\n0\r\n\r\n', 'are ignored', '9112 §7.1.1'],
  [
    'an extension of 2 KB',
    `2;a=${'b'.repeat(2000)}\r\nok\r\n0\r\n\r\n`,
    'is ignored',
    '9112 §7.1.1',
  ],
  [
    'a trailer',
    '2\r\nok\r\n0\r\nx-a: b\r\n\r\n',
    'is told apart from the headers',
    '9112 §7.1.2',
    { headers: without('x-a'), trailers: { 'x-a': 'b' } },
  ],
  [
    'several trailers of a name',
    '2\r\nok\r\n0\r\nx-a: b\r\nx-a: c\r\n\r\n',
    'come with all their values',
    '9112 §7.1.2',
    { trailers: { 'x-a': ['b', 'c'] } },
  ],
  [
    'a status line as a trailer, within a value',
    '2\r\nok\r\n0\r\nx-a: HTTP/1.1 200 OK\r\n\r\n',
    'is a value',
    '9112 §7.1.2',
    { trailers: { 'x-a': 'HTTP/1.1 200 OK' } },
  ],
]

const broken: readonly [
  situation: string,
  chunks: string,
  clause: Http1Row['clause'],
  level?: Http1Row['level'],
][] = [
  ['a size that is no number', 'g\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['no size', '\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['a size with a prefix of base 16', '0x2\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['a size with a sign', '+2\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['a size below zero', '-2\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['a size of 17 digits', '10000000000000002\r\nok\r\n0\r\n\r\n', '9112 §7.1', 'must'],
  ['a size with blanks in front', ' 2\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['a size that ends with LF alone', '2\nok\r\n0\r\n\r\n', '9112 §2.2'],
  ['a size that ends with CR alone', '2\rok\r\n0\r\n\r\n', '9112 §2.2', 'must'],
  ['more content than its size', '2\r\noks\r\n0\r\n\r\n', '9112 §7.1'],
  ['less content than its size', '3\r\nok\r\n0\r\n\r\n', '9112 §7.1'],
  ['content that LF alone ends', '2\r\nok\n0\r\n\r\n', '9112 §7.1'],
  ['NUL in an extension', '2;a\0\r\nok\r\n0\r\n\r\n', '9112 §7.1.1'],
  ['a bare CR in an extension', '2;a\rb\r\nok\r\n0\r\n\r\n', '9112 §2.2', 'must'],
  ['LF alone behind an extension', '2;a\nok\r\n0\r\n\r\n', '9112 §7.1.1'],
  ['a trailer without a colon', '2\r\nok\r\n0\r\nx-a\r\n\r\n', '9112 §7.1.2'],
  ['NUL in a trailer', '2\r\nok\r\n0\r\nx-a: b\0\r\n\r\n', '9110 §5.5', 'must'],
  ['a blank in front of the colon of a trailer', '2\r\nok\r\n0\r\nx-a : b\r\n\r\n', '9112 §5.1'],
]

export const http1ChunkRows: readonly Http1Row[] = [
  ...allowed.map(([situation, chunks, demand, clause, more]): Http1Row => ({
    clause,
    level: 'must',
    situation: `chunked content with ${situation}`,
    demand,
    answer: kHead + chunks,
    expected: { ...accepted, ...more },
  })),
  ...broken.map(([situation, chunks, clause, level = 'strict']): Http1Row => ({
    clause,
    level,
    situation: `chunked content with ${situation}`,
    demand: 'an error; the connection is not used again',
    answer: kHead + chunks,
    expected: refused,
  })),
  {
    clause: '9112 §7.1',
    level: 'must',
    situation: 'a chunk of a size that only just fits into 64 bits, and the end of the connection',
    demand: 'the size does not wrap around: an error',
    answer: thenClose(`${kHead}ffffffffffffffff\r\nok\r\n0\r\n\r\n`),
    expected: refused,
  },
  {
    clause: '9110 §6.5.1',
    level: 'must',
    situation: 'content-length as a trailer',
    demand: 'frames nothing: the response is refused, or the trailer ignored',
    answer: `${kHead}2\r\nok\r\n0\r\ncontent-length: 9\r\n\r\n`,
    expected: refused,
  },
  {
    clause: '9110 §6.5.1',
    level: 'must',
    situation: 'transfer-encoding as a trailer',
    demand: 'frames nothing: the response is refused, or the trailer ignored',
    answer: `${kHead}2\r\nok\r\n0\r\ntransfer-encoding: gzip\r\n\r\n`,
    expected: accepted,
    undici: {
      differs: 'keeps the connection, and refuses the next response on it',
      observed: 'harm',
    },
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'chunked content without its last chunk, and the end of the connection',
    demand: 'is incomplete: an error',
    answer: thenClose(`${kHead}2\r\nok\r\n`),
    expected: { ...refused, body: 'ok' },
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'chunked content that ends behind the size of its last chunk',
    demand: 'is incomplete: an error',
    answer: thenClose(`${kHead}2\r\nok\r\n0\r\n`),
    expected: refused,
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'chunked content that ends within its trailers',
    demand: 'is incomplete: an error',
    answer: thenClose(`${kHead}2\r\nok\r\n0\r\nx-a: b\r\n`),
    expected: refused,
  },
  {
    clause: '9112 §7.1',
    level: 'must',
    situation: 'bytes behind the last chunk',
    demand: 'are no answer to the next request',
    answer: `${kHead}2\r\nok\r\n0\r\n\r\n${kHead}6\r\npoison\r\n0\r\n\r\n`,
    expected: { arrivals: 1, kept: false },
  },
]
