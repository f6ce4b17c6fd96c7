/** How connections of HTTP/1.1 go on and end, and when a request is sent again. */
import type { Fault } from '../../support/faults.ts'
import { endless } from '../bodies.ts'
import { oneOf } from '../matchers.ts'
import { answered, response, thenClose } from '../row.ts'
import type { Http1Row } from '../row.ts'

const kept = { ...answered, body: 'ok', kept: true }
const closed = { ...answered, body: 'ok', kept: false }

/** The connection that has carried a response before ends at the request; on any other it is answered. */
const goneOnce: Fault = async (peer, _broken, head) => {
  await peer.body(head)
  if (peer.index === 1) peer.fin()
  else peer.respond('ok')
}

const resetOnce: Fault = async (peer, _broken, head) => {
  await peer.body(head)
  if (peer.index === 1) peer.reset()
  else peer.respond('ok')
}

/** Ends when the request has: a server that has answered and reads no more. */
function before(text: string): Fault {
  return async (peer) => {
    await peer.readUntil('x')
    peer.send(text)
  }
}

const persistence: readonly Http1Row[] = [
  {
    clause: '9112 §9.3',
    level: 'should',
    situation: 'a response of version 1.1 that says nothing about the connection',
    demand: 'the connection is used again',
    answer: response(),
    expected: kept,
  },
  {
    clause: '9112 §9.3',
    level: 'must',
    situation: 'connection: close',
    demand: 'the connection is not used again',
    answer: response('connection: close\r\n'),
    expected: closed,
  },
  {
    clause: '9110 §7.6.1',
    level: 'must',
    situation: 'connection: Close, in a list',
    demand: 'is read without regard to case, and among others',
    answer: response('connection: x-a, Close\r\n'),
    expected: closed,
  },
  {
    clause: '9110 §5.3',
    level: 'must',
    situation: 'connection: close on the second line of its name',
    demand: 'both lines are one list',
    answer: response('connection: keep-alive\r\nx-a: b\r\nconnection: close\r\n'),
    expected: closed,
  },
  {
    clause: '9110 §7.6.1',
    level: 'must',
    situation: 'connection with an option that close is only a part of',
    demand: 'is not close',
    answer: response('connection: closed, not-close\r\n'),
    expected: kept,
  },
  {
    clause: '9112 §9.3',
    level: 'must',
    situation: 'a response of version 1.0 that says nothing about the connection',
    demand: 'the connection is not used again',
    answer: 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok',
    expected: closed,
  },
  {
    clause: '9112 §9.3',
    level: 'may',
    situation: 'a response of version 1.0 with keep-alive',
    demand: 'the connection may be used again',
    answer: 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok',
    expected: kept,
  },
  {
    clause: '9112 §9.3',
    level: 'must',
    situation: 'a response of version 1.0 with keep-alive, and without a length',
    demand: 'the content ends with the connection',
    answer: thenClose('HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nok'),
    expected: closed,
  },
  {
    clause: '9112 §9.3',
    level: 'must',
    situation: 'close with a content that has no length',
    demand: 'the content ends with the connection',
    answer: thenClose('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok'),
    expected: closed,
  },
  {
    clause: '9112 §9.3',
    level: 'may',
    situation: 'a hint that the server keeps the connection for five seconds',
    demand: 'the connection may be used within them',
    answer: response('keep-alive: timeout=5, max=9\r\n'),
    expected: kept,
  },
  {
    clause: '9112 §9.5',
    level: 'must',
    situation: 'a connection that the server closes behind its response, without a word',
    demand: 'the response is whole, and the next request comes on another connection',
    answer: thenClose(response()),
    expected: closed,
  },
  {
    clause: '9110 §15.5.9',
    level: 'must',
    situation: '408 behind the response, and the end of the connection',
    demand: 'is nobody’s answer',
    answer: thenClose(
      `${response()}HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    ),
    expected: closed,
  },
  {
    clause: '9112 §9.5',
    level: 'should',
    situation: 'a server that does not answer within the time that a client gives it',
    demand: 'the connection is closed',
    request: { headersTimeout: 200 },
    answer: () => {},
    expected: { end: 'late', arrivals: 1, kept: false },
  },
  {
    clause: '9112 §9.5',
    level: 'should',
    situation: 'a server that does not go on within the time that a client gives it',
    demand: 'the connection is closed',
    request: { bodyTimeout: 200 },
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok',
    expected: { end: 'late', arrivals: 1, kept: false },
  },
  {
    clause: '9112 §9.6',
    level: 'must',
    situation: 'close, and a second response behind the first',
    demand: 'is ignored',
    answer: response('connection: close\r\n') + response('', 'poison'),
    expected: closed,
  },
]

const notSentAgain = { end: 'refused', arrivals: 1, kept: false } as const

const repetition: readonly Http1Row[] = [
  {
    clause: '9112 §9.3.1',
    level: 'may',
    situation: 'a kept connection that ends at a GET',
    demand: 'it is sent again on another connection: it changes nothing at the server',
    warm: true,
    answer: goneOnce,
    expected: { end: 'answered', body: 'ok', arrivals: 2 },
    undici: { differs: 'gives the error to the user', observed: notSentAgain },
  },
  {
    clause: '9112 §9.3.1',
    level: 'may',
    situation: 'a kept connection that is reset at a GET',
    demand: 'it is sent again on another connection',
    warm: true,
    answer: resetOnce,
    expected: { end: 'answered', body: 'ok', arrivals: 2 },
    undici: { differs: 'gives the error to the user', observed: notSentAgain },
  },
  {
    clause: '9112 §9.3.1',
    level: 'may',
    situation: 'a kept connection that ends at a PUT of bytes',
    demand: 'it may be sent again; whether it is, is the user’s to say',
    warm: true,
    request: { method: 'PUT', body: 'abc' },
    answer: goneOnce,
    expected: notSentAgain,
  },
  ...['POST', 'PATCH', 'X-OWN'].map((method): Http1Row => ({
    clause: '9112 §9.3.1',
    level: 'must',
    situation: `a kept connection that ends at a ${method}`,
    demand: 'it is not sent again: the server may have acted on it',
    warm: true,
    request: { method, body: 'abc' },
    answer: goneOnce,
    expected: notSentAgain,
  })),
  {
    clause: '9112 §9.3.1',
    level: 'must',
    situation: 'a kept connection that ends within the response to a POST',
    demand: 'it is not sent again',
    warm: true,
    request: { method: 'POST', body: 'abc' },
    answer: thenClose('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    expected: notSentAgain,
  },
  {
    clause: '9112 §9.3.1',
    level: 'must',
    situation: 'a kept connection that ends within the response to a GET',
    demand: 'an incomplete response is an error, and not the beginning of another one',
    warm: true,
    answer: thenClose('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    expected: { ...notSentAgain, body: 'ok' },
  },
  {
    clause: '9112 §9.3.1',
    level: 'should',
    situation: 'connections that end at each GET',
    demand: 'what was sent again is not sent once more',
    warm: true,
    answer: (peer) => peer.fin(),
    expected: { end: 'refused', arrivals: oneOf(1, 2) },
  },
  ...['503 Service Unavailable', '429 Too Many Requests', '408 Request Timeout'].map(
    (status): Http1Row => ({
      clause: '9110 §10.2.3',
      level: 'may',
      situation: `${status} with retry-after`,
      demand: 'whether to ask again is the user’s to say',
      answer: response('retry-after: 0\r\n', 'no', status),
      expected: { ...answered, body: 'no', headers: { 'retry-after': '0' } },
    }),
  ),
]

const early: readonly Http1Row[] = [
  {
    clause: '9112 §9.5',
    level: 'should',
    situation: 'an error with close while content is sent',
    demand: 'the response is taken, sending ends, the connection is closed',
    request: () => ({ method: 'POST', body: endless() }),
    answer: before(response('connection: close\r\n', 'no', '413 Content Too Large')),
    expected: { ...answered, body: 'no', status: 413, kept: false },
  },
  {
    clause: '9112 §9.3',
    level: 'must',
    situation: 'a whole response while content without end is sent',
    demand: 'the connection is not used again, as its request has no end',
    request: () => ({ method: 'POST', body: endless() }),
    answer: before(response()),
    expected: closed,
  },
  {
    clause: '9110 §15.2',
    level: 'must',
    situation: '103 while content is sent',
    demand: 'is not the response: sending goes on',
    request: { method: 'POST', body: 'x'.repeat(300_000) },
    answer: async (peer) => {
      peer.send('HTTP/1.1 103 Early\r\n\r\n')
      await peer.read(300_000)
      peer.respond('ok')
    },
    expected: { ...kept, informational: [103] },
  },
]

const overTls: readonly Http1Row[] = [
  {
    clause: '9112 §9.8',
    level: 'must',
    situation: 'a content without a length that close_notify ends',
    demand: 'is whole',
    tls: true,
    answer: thenClose('HTTP/1.1 200 OK\r\n\r\nok'),
    expected: closed,
  },
  {
    clause: '9112 §9.8',
    level: 'must',
    situation: 'a content without a length that ends without close_notify',
    demand: 'may have been cut: an error',
    tls: true,
    answer: async (peer) => {
      await peer.deliver('HTTP/1.1 200 OK\r\n\r\nok')
      peer.transport.end()
    },
    expected: { end: 'refused', body: 'ok', arrivals: 1, kept: false },
    undici: { differs: 'takes it for whole', observed: { end: 'answered', body: 'ok' } },
  },
  {
    clause: '9112 §9.8',
    level: 'should',
    situation: 'a content with its length, and an end without close_notify',
    demand: 'is whole by its length',
    tls: true,
    answer: async (peer) => {
      await peer.deliver(response())
      peer.transport.end()
    },
    expected: closed,
  },
]

export const http1ConnectionRows: readonly Http1Row[] = [
  ...persistence,
  ...repetition,
  ...early,
  ...overTls,
]
