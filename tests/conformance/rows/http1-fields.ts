/** The field lines of a response over HTTP/1.1. */
import { matching } from '../matchers.ts'
import { answered, refused, response } from '../row.ts'
import type { Http1Row } from '../row.ts'

const accepted = { ...answered, body: 'ok', kept: true }
const refusedByUndici = { differs: 'refuses the response', observed: refused }
const untrimmed = { ...accepted, headers: { 'x-a': 'b \t ' } }

const allowed: readonly Http1Row[] = [
  {
    clause: '9110 §5.1',
    level: 'must',
    situation: 'a field name in capitals',
    demand: 'is the same name as in small letters',
    answer: 'HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\nX-A: b\r\n\r\nok',
    expected: { ...accepted, headers: { 'x-a': 'b' } },
  },
  {
    clause: '9112 §5.1',
    level: 'must',
    situation: 'no blank behind the colon',
    demand: 'the value begins there',
    answer: response('x-a:b\r\n'),
    expected: { ...accepted, headers: { 'x-a': 'b' } },
  },
  {
    clause: '9112 §5.1',
    level: 'must',
    situation: 'blanks and tabs in front of a value',
    demand: 'are no part of it',
    answer: response('x-a: \t b\r\n'),
    expected: { ...accepted, headers: { 'x-a': 'b' } },
  },
  {
    clause: '9112 §5.1',
    level: 'must',
    situation: 'blanks and tabs behind a value',
    demand: 'are no part of it',
    answer: response('x-a: b \t \r\n'),
    expected: { ...accepted, headers: { 'x-a': 'b' } },
    undici: { differs: 'leaves them in the value; fetch() takes them away', observed: untrimmed },
    ours: { fails: 'leaves them in the value, as undici does', observed: untrimmed },
  },
  {
    clause: '9110 §5.5',
    level: 'must',
    situation: 'an empty value',
    demand: 'is taken, and is empty',
    answer: response('x-a:\r\nx-b: \t\r\n'),
    expected: { ...accepted, headers: { 'x-a': '', 'x-b': '' } },
  },
  {
    clause: '9110 §5.5',
    level: 'should',
    situation: 'a value with bytes above 127',
    demand: 'is opaque: its bytes come through',
    answer: response('x-a: \xe9\xff\r\n'),
    expected: { ...accepted, headers: { 'x-a': '\xe9\xff' } },
  },
  {
    clause: '9110 §5.6.2',
    level: 'must',
    situation: 'a name of all the signs that a token may hold',
    demand: 'is taken',
    answer: response("!#$%&'*+-.^_`|~09az: b\r\n"),
    expected: { ...accepted, headers: { "!#$%&'*+-.^_`|~09az": 'b' } },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'a field on several lines',
    demand: 'its values come in their order',
    answer: response('x-a: 1\r\nx-b: 2\r\nX-A: 3\r\nx-a: 4\r\n'),
    expected: { ...accepted, headers: { 'x-a': ['1', '3', '4'], 'x-b': '2' } },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'set-cookie on several lines',
    demand: 'the lines are not joined',
    answer: response('set-cookie: a=1, x\r\nset-cookie: b=2; Path=/\r\n'),
    expected: { ...accepted, headers: { 'set-cookie': ['a=1, x', 'b=2; Path=/'] } },
  },
  {
    clause: '9110 §5.6.1',
    level: 'must',
    situation: 'a list with empty elements in connection',
    demand: 'the empty elements count for nothing',
    answer: response('connection: , ,keep-alive,,\r\n'),
    expected: accepted,
  },
  {
    clause: '9110 §5.4',
    level: 'may',
    situation: 'a head of 15 KB',
    demand: 'is taken: the limit of a client lies above what servers send',
    answer: response(`x-a: ${'y'.repeat(15_000)}\r\n`),
    expected: { ...accepted, headers: { 'x-a': 'y'.repeat(15_000) } },
  },
  {
    clause: '9110 §5.4',
    level: 'strict',
    situation: 'a head of 20 KB for a client that takes 16',
    demand: 'an error, not a response with less fields',
    answer: response(`x-a: ${'y'.repeat(20_000)}\r\nx-b: z\r\n`),
    expected: { ...refused, error: 'UND_ERR_HEADERS_OVERFLOW' },
  },
  {
    clause: '9112 §5.2',
    level: 'must',
    situation: 'a folded value',
    demand: 'is joined by blanks',
    answer: response('x-a: b\r\n c\r\n\t d\r\n'),
    expected: { ...accepted, headers: { 'x-a': matching(/^b +c +d$/) } },
    undici: refusedByUndici,
  },
  {
    clause: '9112 §5.2',
    level: 'must',
    situation: 'a folded value whose first line is empty',
    demand: 'is what the second line has',
    answer: response('x-a:\r\n b\r\n'),
    expected: { ...accepted, headers: { 'x-a': matching(/^ *b$/) } },
    undici: refusedByUndici,
  },
  {
    clause: '9112 §5.2',
    level: 'must',
    situation: 'a field that is folded behind its length',
    demand: 'what is folded is no field of its own',
    answer: response('x-a: b\r\n content-length: 9\r\n'),
    expected: { ...accepted, headers: { 'x-a': matching(/^b +content-length: 9$/) } },
    undici: refusedByUndici,
  },
]

const broken: readonly [
  situation: string,
  lines: string,
  clause: Http1Row['clause'],
  level?: 'must',
][] = [
  ['NUL in a value', 'x-a: b\0c', '9110 §5.5', 'must'],
  ['a bare CR in a value', 'x-a: b\rc', '9110 §5.5', 'must'],
  [
    'a bare CR in front of what looks like a field',
    'x-a: b\rcontent-length: 9',
    '9112 §2.2',
    'must',
  ],
  ['a control character in a value', 'x-a: b\x01c', '9110 §5.5'],
  ['DEL in a value', 'x-a: b\x7fc', '9110 §5.5'],
  ['a blank in front of the colon', 'x-a : b', '9112 §5.1'],
  ['a tab in front of the colon', 'x-a\t: b', '9112 §5.1'],
  ['a blank in front of the colon of content-length', 'content-length : 9', '9112 §5.1'],
  [
    'a blank in front of the colon of transfer-encoding',
    'transfer-encoding : chunked',
    '9112 §5.1',
  ],
  ['a blank within a name', 'x a: b', '9110 §5.1'],
  ['an empty name', ': b', '9110 §5.1'],
  ['no colon', 'x-a b', '9112 §5'],
  ['a name with a delimiter', 'x(a): b', '9110 §5.6.2'],
  ['a name in quotes', '"x-a": b', '9110 §5.6.2'],
  ['a name with a byte above 127', 'x\xe9: b', '9110 §5.6.2'],
  ['NUL in a name', 'x\0a: b', '9110 §5.6.2'],
  ['a line that ends with LF alone', 'x-a: b\nx-b: c', '9112 §2.2'],
]

export const http1FieldRows: readonly Http1Row[] = [
  ...allowed,
  ...broken.map(([situation, lines, clause, level = 'strict']): Http1Row => ({
    clause,
    level: level as Http1Row['level'],
    situation: `a field line with ${situation}`,
    demand: 'the response is refused, and no field is made of it',
    answer: response(`${lines}\r\n`),
    expected: refused,
  })),
]
