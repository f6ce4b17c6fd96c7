/** HTTP/2: the fields of responses, and what makes a response malformed. */
import { FrameFlag, FrameType, H2Code, field } from '../../support/servers/h2-frames.ts'
import type { H2Peer } from '../../support/servers/h2-frames.ts'
import { accepted, answer, failed, status200 } from '../http2.ts'
import type { Send } from '../http2.ts'
import { oneOf, without } from '../matchers.ts'
import { answered } from '../row.ts'
import type { Expectation, Http2Row } from '../row.ts'

const { endHeaders, endStream } = FrameFlag
const nothing = { ...accepted, body: '' }

function head(peer: H2Peer, stream: number, fields: Buffer[], flags = 0): void {
  peer.send(FrameType.headers, endHeaders | flags, stream, Buffer.concat(fields))
}

/** A response with these fields. */
function fields(...some: [name: string, value: string][]): Send {
  return (peer, stream) => {
    head(peer, stream, [status200, ...some.map(([name, value]) => field(name, value))])
    peer.data(stream, 'ok', endStream)
  }
}

/** A response of a head alone. */
function headOnly(...some: [name: string, value: string][]): Send {
  return (peer, stream) =>
    head(
      peer,
      stream,
      some.map(([name, value]) => field(name, value)),
      endStream,
    )
}

/** These heads before the response. */
function interim(...heads: [name: string, value: string][][]): Send {
  return (peer, stream) => {
    for (const some of heads)
      head(
        peer,
        stream,
        some.map(([name, value]) => field(name, value)),
      )
    answer(peer, stream)
  }
}

function trailers(flags: number, ...some: [name: string, value: string][]): Send {
  return (peer, stream) => {
    head(peer, stream, [status200])
    peer.data(stream, 'ok')
    head(
      peer,
      stream,
      some.map(([name, value]) => field(name, value)),
      flags,
    )
  }
}

const allowed: readonly Http2Row[] = [
  {
    clause: '9113 §8.1',
    level: 'must',
    situation: 'a response without a length',
    demand: 'ends with its stream',
    answer: fields(),
    expected: accepted,
  },
  {
    clause: '9113 §8.1',
    level: 'must',
    situation: 'a response of a head alone',
    demand: 'has no content',
    answer: headOnly([':status', '204']),
    expected: { ...nothing, status: 204 },
  },
  {
    clause: '9113 §8.3.2',
    level: 'must',
    situation: 'a response',
    demand: 'has no reason; :status is no header',
    answer: fields(),
    expected: { ...accepted, statusText: '', headers: without(':status') },
  },
  {
    clause: '9110 §15',
    level: 'must',
    situation: 'a status that nobody has defined, 299',
    demand: 'is a success like 200',
    answer: headOnly([':status', '299']),
    expected: { ...nothing, status: 299 },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'a field several times',
    demand: 'its values come in their order',
    answer: fields(['x-a', '1'], ['x-b', '2'], ['x-a', '3']),
    expected: { ...accepted, headers: { 'x-a': oneOf('1, 3', ['1', '3']), 'x-b': '2' } },
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'set-cookie several times',
    demand: 'the cookies are not joined',
    answer: fields(['set-cookie', 'a=1, x'], ['set-cookie', 'b=2']),
    expected: { ...accepted, headers: { 'set-cookie': ['a=1, x', 'b=2'] } },
  },
  {
    clause: '9110 §10.2.2',
    level: 'may',
    situation: 'two location fields',
    demand: 'the response is handed on with the first, as Node does with fields of one value',
    answer: fields(['location', '/a'], ['location', '/b']),
    expected: { ...accepted, headers: { location: '/a' } },
  },
  {
    clause: '9110 §5.5',
    level: 'must',
    situation: 'an empty value',
    demand: 'is taken',
    answer: fields(['x-a', '']),
    expected: { ...accepted, headers: { 'x-a': '' } },
  },
  {
    clause: '9110 §5.5',
    level: 'should',
    situation: 'a value with bytes above 127',
    demand: 'comes through',
    answer: fields(['x-a', '\xe9\xff']),
    expected: { ...accepted, headers: { 'x-a': '\xe9\xff' } },
  },
  {
    clause: '9113 §8.1.1',
    level: 'must',
    situation: 'content-length that is right',
    demand: 'is taken',
    answer: fields(['content-length', '2']),
    expected: { ...accepted, headers: { 'content-length': '2' } },
  },
  {
    clause: '9113 §8.1.1',
    level: 'must',
    situation: 'HEAD, and the length that GET would have',
    demand: 'is no mismatch',
    request: { method: 'HEAD' },
    answer: headOnly([':status', '200'], ['content-length', '1000']),
    expected: { ...nothing, headers: { 'content-length': '1000' } },
  },
  {
    clause: '9113 §8.1.1',
    level: 'must',
    situation: '304 with the length of what it stands for',
    demand: 'is no mismatch',
    answer: headOnly([':status', '304'], ['content-length', '1000']),
    expected: { ...nothing, status: 304 },
  },
  {
    clause: '8297 §2',
    level: 'must',
    situation: '103 in front of the response',
    demand: 'is told, and is not the response',
    answer: interim([
      [':status', '103'],
      ['link', '</a>'],
    ]),
    expected: { ...accepted, status: 200, informational: [103], headers: without('link') },
  },
  {
    clause: '9110 §15.2',
    level: 'must',
    situation: 'several informational responses, 100 among them',
    demand: 'the response counts',
    answer: interim([[':status', '100']], [[':status', '102']], [[':status', '103']]),
    expected: { ...accepted, status: 200 },
  },
  {
    clause: '9113 §8.1',
    level: 'must',
    situation: 'trailers',
    demand: 'are told apart from the headers',
    answer: trailers(endStream, ['x-a', 'b']),
    expected: { ...accepted, headers: without('x-a'), trailers: { 'x-a': 'b' } },
  },
  {
    clause: '9110 §15.5.20',
    level: 'may',
    situation: '421',
    demand: 'is a response; asking again elsewhere is left to the user',
    scope: 'connection',
    answer: headOnly([':status', '421']),
    expected: { ...answered, status: 421 },
  },
  ...(['301', '401', '416', '503'] as const).map((code): Http2Row => ({
    clause: '9110 §15',
    level: 'must',
    situation: `${code} with what belongs to it`,
    demand: 'comes through as it is, and has no other effect',
    answer: headOnly(
      [':status', code],
      ['location', '/a'],
      ['www-authenticate', 'Basic realm="a"'],
      ['content-range', 'bytes */1'],
      ['retry-after', '0'],
    ),
    expected: { ...nothing, status: Number(code), headers: { location: '/a', 'retry-after': '0' } },
  })),
]

type Marks = Pick<Http2Row, 'undici' | 'ours'>

function both(does: string, observed: Expectation): Marks {
  return {
    undici: { differs: does, observed },
    ours: { fails: `${does}, as undici does`, observed },
  }
}

const leftOut = both('leaves the field out', { ...accepted, headers: {} })
const ends: Marks = { undici: { differs: 'ends the connection', observed: 'harm' } }

const resetByClient: Http2Row['sends'] = ({ type, stream, payload }, asked) =>
  type === FrameType.reset && stream === asked && payload.readUInt32BE(0) === H2Code.protocolError

const wrong: readonly [
  situation: string,
  clause: Http2Row['clause'],
  answer: Send,
  marks?: Marks,
][] = [
  ['no :status', '9113 §8.3.2', headOnly(['x-a', 'b'])],
  ['two :status', '9113 §8.3', headOnly([':status', '200'], [':status', '200'])],
  ['an empty :status', '9113 §8.3.2', headOnly([':status', ''])],
  ['a :status of letters', '9113 §8.3.2', headOnly([':status', '2OO'])],
  ['a :status of four digits', '9113 §8.3.2', headOnly([':status', '2000'])],
  ['a :status with a reason', '9113 §8.3.2', headOnly([':status', '200 OK'])],
  [':status behind a field', '9113 §8.3', headOnly(['x-a', 'b'], [':status', '200'])],
  ['a pseudo-field of requests', '9113 §8.3', headOnly([':status', '200'], [':path', '/'])],
  [
    'a pseudo-field that nobody has defined',
    '9113 §8.3',
    headOnly([':status', '200'], [':a', 'b']),
  ],
  ['101', '9113 §8.6', headOnly([':status', '101'])],
  ['a name with a capital', '9113 §8.2.1', fields(['X-a', 'b'])],
  ['a name with a blank', '9113 §8.2.1', fields(['x a', 'b']), leftOut],
  ['NUL in a value', '9113 §8.2.1', fields(['x-a', 'b\0c']), leftOut],
  ['LF in a value', '9113 §8.2.1', fields(['x-a', 'b\nc: d']), leftOut],
  ['a blank in front of a value', '9113 §8.2.1', fields(['x-a', ' b']), leftOut],
  ['a blank behind a value', '9113 §8.2.1', fields(['x-a', 'b ']), leftOut],
  ['connection', '9113 §8.2.2', fields(['connection', 'close'])],
  ['keep-alive', '9113 §8.2.2', fields(['keep-alive', 'timeout=5'])],
  ['proxy-connection', '9113 §8.2.2', fields(['proxy-connection', 'close'])],
  ['transfer-encoding', '9113 §8.2.2', fields(['transfer-encoding', 'chunked'])],
  ['upgrade', '9113 §8.2.2', fields(['upgrade', 'h2c'])],
  ['content-length that is too small', '9113 §8.1.1', fields(['content-length', '1']), ends],
  ['content-length that is too large', '9113 §8.1.1', fields(['content-length', '3'])],
  ['content-length that is no number', '9113 §8.1.1', fields(['content-length', 'two'])],
  [
    'two content-length that differ',
    '9113 §8.1.1',
    fields(['content-length', '2'], ['content-length', '3']),
  ],
  [
    'content-length and no content',
    '9113 §8.1.1',
    headOnly([':status', '200'], ['content-length', '2']),
  ],
  ['trailers with a pseudo-field', '9113 §8.1', trailers(endStream, [':status', '200'])],
  ['trailers that do not end the stream', '9113 §8.1', trailers(0, ['x-a', 'b'])],
  ['trailers with a name in capitals', '9113 §8.2.1', trailers(endStream, ['X-A', 'b'])],
  ['trailers with connection', '9113 §8.2.2', trailers(endStream, ['connection', 'close'])],
  ['103 that ends the stream', '9113 §8.1', headOnly([':status', '103'])],
  [
    'content behind 103',
    '9113 §8.1',
    (peer, stream) => {
      head(peer, stream, [field(':status', '103')])
      peer.data(stream, 'ok', endStream)
    },
    ends,
  ],
]

export const http2FieldRows: readonly Http2Row[] = [
  ...allowed,
  ...wrong.map(([situation, clause, answer, marks]): Http2Row => ({
    clause,
    level: 'must',
    situation: `a response with ${situation}`,
    demand: 'is malformed: an error of its stream',
    answer,
    expected: failed,
    ...(!marks && { sends: resetByClient }),
    ...marks,
  })),
]
