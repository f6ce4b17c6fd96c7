/** The first line of a response. */
import { answered, refused, response } from '../row.ts'
import type { Http1Row } from '../row.ts'

const kRest = 'content-length: 2\r\n\r\nok'
const accepted = { ...answered, body: 'ok', kept: true }

const allowed: readonly Http1Row[] = [
  {
    clause: '9112 §4',
    level: 'must',
    situation: 'a status line with a blank and no reason behind the code',
    demand: 'is taken, with an empty reason',
    answer: `HTTP/1.1 200 \r\n${kRest}`,
    expected: { ...accepted, status: 200, statusText: '' },
  },
  {
    clause: '9112 §4',
    level: 'should',
    situation: 'a reason that contradicts the code',
    demand: 'the code counts',
    answer: response('', 'ok', '200 Not Found'),
    expected: { ...accepted, status: 200 },
  },
  {
    clause: '9112 §4',
    level: 'must',
    situation: 'a reason with blanks, tabs and bytes above 127',
    demand: 'is taken',
    answer: response('', 'ok', '200 O\tK \xe9t\xe9'),
    expected: { ...accepted, status: 200 },
  },
  {
    clause: '9110 §15',
    level: 'must',
    situation: 'a code that nobody has defined, 299',
    demand: 'is a success like 200, with its content',
    answer: response('', 'ok', '299 Whatever'),
    expected: { ...accepted, status: 299 },
  },
  {
    clause: '9110 §15',
    level: 'must',
    situation: 'a code that nobody has defined, 499',
    demand: 'is an error of the client like 400: a response and no broken message',
    answer: response('', 'ok', '499 Whatever'),
    expected: { ...accepted, status: 499 },
  },
  {
    clause: '9110 §15',
    level: 'should',
    situation: 'a code beyond all classes, 999',
    demand: 'is handled like an error of the server: a response and no broken message',
    answer: response('', 'ok', '999 Whatever'),
    expected: { ...accepted, status: 999 },
  },
  {
    clause: '9112 §2.3',
    level: 'must',
    situation: 'a response of version 1.0 to a request of version 1.1',
    demand: 'is taken',
    answer: `HTTP/1.0 200 OK\r\n${kRest}`,
    expected: { ...answered, body: 'ok', kept: false },
  },
  {
    clause: '9110 §2.5',
    level: 'should',
    situation: 'a response of version 1.2',
    demand: 'is taken like one of the highest minor version that the client knows',
    answer: `HTTP/1.2 200 OK\r\n${kRest}`,
    expected: accepted,
    undici: { differs: 'refuses it', observed: refused },
    ours: { fails: 'refuses it, as undici does', observed: refused },
  },
  {
    clause: '9112 §4',
    level: 'may',
    situation: 'a status line without the blank behind the code',
    demand: 'is taken, as servers send it',
    answer: `HTTP/1.1 200\r\n${kRest}`,
    expected: { ...accepted, status: 200, statusText: '' },
  },
]

const takenByUndici = { differs: 'takes it', observed: { ...answered, body: 'ok' } }

const broken: readonly [
  situation: string,
  line: string,
  clause: Http1Row['clause'],
  undici?: Http1Row['undici'],
][] = [
  ['a code of two digits', 'HTTP/1.1 20 OK', '9112 §4'],
  ['a code of four digits', 'HTTP/1.1 2000 OK', '9112 §4'],
  ['a code of letters', 'HTTP/1.1 2OO OK', '9112 §4'],
  ['a signed code', 'HTTP/1.1 +200 OK', '9112 §4'],
  ['a code that begins with 0', 'HTTP/1.1 020 OK', '9110 §15'],
  ['no code', 'HTTP/1.1 ', '9112 §4'],
  ['two blanks in front of the code', 'HTTP/1.1  200 OK', '9112 §4'],
  ['a tab for the blank', 'HTTP/1.1\t200 OK', '9112 §4'],
  ['nothing between code and reason', 'HTTP/1.1 200OK', '9112 §4'],
  ['the protocol in small letters', 'http/1.1 200 OK', '9112 §2.3'],
  ['a version of two digits', 'HTTP/1.10 200 OK', '9112 §2.3'],
  ['a version without a minor number', 'HTTP/1 200 OK', '9112 §2.3'],
  ['a major version that is not spoken here', 'HTTP/2.0 200 OK', '9112 §2.3', takenByUndici],
  ['another protocol', 'ICY 200 OK', '9112 §2.3'],
  ['a request line for the status line', 'GET / HTTP/1.1', '9112 §2.1'],
  ['a blank in front', ' HTTP/1.1 200 OK', '9112 §4'],
  ['NUL in the reason', 'HTTP/1.1 200 O\0K', '9112 §4', takenByUndici],
  ['a control character in the reason', 'HTTP/1.1 200 O\x01K', '9112 §4', takenByUndici],
]

export const http1StatusLineRows: readonly Http1Row[] = [
  ...allowed,
  ...broken.map(([situation, line, clause, undici]): Http1Row => ({
    clause,
    level: 'strict',
    situation: `a status line with ${situation}`,
    demand: 'the response is refused',
    answer: `${line}\r\n${kRest}`,
    expected: refused,
    ...(undici && { undici }),
  })),
  {
    clause: '9112 §2.2',
    level: 'must',
    situation: 'a bare CR in the reason',
    demand: 'the response is refused, or the CR is a blank',
    answer: `HTTP/1.1 200 O\rK\r\n${kRest}`,
    expected: refused,
  },
  {
    clause: '9112 §2.2',
    level: 'must',
    situation: 'a blank line with a space between status line and first field',
    demand: 'the response is refused, or what is behind the space is not read as a field',
    answer: `HTTP/1.1 200 OK\r\n content-length: 9\r\n${kRest}`,
    expected: refused,
  },
  {
    clause: '9112 §2.2',
    level: 'strict',
    situation: 'lines that end with LF alone',
    demand: 'the response is refused: a client may take them, and need not',
    answer: 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok',
    expected: refused,
  },
]
