/** Where the content of a response over HTTP/1.1 ends: lengths, codings, the end of the connection. */
import { answered, refused, response, thenClose } from '../row.ts'
import type { Http1Row } from '../row.ts'

const kOk = 'HTTP/1.1 200 OK\r\n'
const kChunked = 'transfer-encoding: chunked\r\n'
const kChunks = '2\r\nok\r\n0\r\n\r\n'
const accepted = { ...answered, body: 'ok', kept: true }
const untilClosed = { ...answered, body: 'ok', kept: false }

const takenByUndici = { differs: 'gives the coded bytes out', observed: { end: 'answered' } }

const lengths: readonly Http1Row[] = [
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'content-length 0',
    demand: 'an empty content; the connection is ready for the next request',
    answer: `${kOk}content-length: 0\r\n\r\n`,
    expected: { ...answered, body: '', kept: true },
  },
  {
    clause: '9110 §8.6',
    level: 'strict',
    situation: 'content-length with zeros in front',
    demand: 'is the number that its digits say',
    answer: `${kOk}content-length: 0002\r\n\r\nok`,
    expected: accepted,
  },
  {
    clause: '9112 §6.3',
    level: 'may',
    situation: 'content-length twice with the same value',
    demand: 'is taken as one, or refused',
    answer: `${kOk}content-length: 2\r\ncontent-length: 2\r\n\r\nok`,
    expected: accepted,
    undici: { differs: 'refuses it, as a client may', observed: refused },
  },
  {
    clause: '9112 §6.3',
    level: 'may',
    situation: 'content-length as a list of the same value',
    demand: 'is taken as one, or refused',
    answer: `${kOk}content-length: 2, 2\r\n\r\nok`,
    expected: refused,
  },
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'no length and no coding, and the end of the connection',
    demand: 'the content is all that came until then',
    answer: thenClose(`${kOk}\r\nok`),
    expected: untilClosed,
  },
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'no length, no coding and no content at the end of the connection',
    demand: 'an empty content',
    answer: thenClose(`${kOk}\r\n`),
    expected: { ...untilClosed, body: '' },
  },
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'content that looks like the next response, without a length',
    demand: 'is content: nothing behind such a head is a response',
    answer: thenClose(`${kOk}\r\n${response()}`),
    expected: { ...untilClosed, body: response() },
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'the end of the connection before content-length is reached',
    demand: 'the response is incomplete: an error, behind the bytes that came',
    answer: thenClose(`${kOk}content-length: 3\r\n\r\nok`),
    expected: { ...refused, body: 'ok' },
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'the end of the connection within the head',
    demand: 'the response is incomplete: an error',
    answer: thenClose(`${kOk}content-length: 2\r\nx-a: b`),
    expected: { ...refused, status: undefined },
  },
  {
    clause: '9112 §8',
    level: 'must',
    situation: 'the end of the connection within the status line',
    demand: 'the response is incomplete: an error',
    answer: thenClose('HTTP/1.1 20'),
    expected: { ...refused, status: undefined },
  },
  {
    clause: '9112 §9.2',
    level: 'must',
    situation: 'bytes behind the content, in the same packet',
    demand: 'are no part of it, nor the answer to the next request',
    answer: `${response()}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison`,
    expected: untilClosed,
  },
  {
    clause: '9112 §9.2',
    level: 'must',
    situation: 'a second response to one request, of the same length',
    demand: 'is not the answer to the next request',
    answer: response() + response(),
    expected: untilClosed,
  },
]

const codings: readonly Http1Row[] = [
  {
    clause: '9112 §7',
    level: 'must',
    situation: 'transfer-encoding in capitals',
    demand: 'is the same coding',
    answer: `${kOk}Transfer-Encoding: CHUNKED\r\n\r\n${kChunks}`,
    expected: accepted,
  },
  {
    clause: '9112 §6.3',
    level: 'should',
    situation: 'content-length beside chunked',
    demand: 'is an error, as it may be an attempt at smuggling',
    answer: `${kOk}content-length: 2\r\n${kChunked}\r\n${kChunks}`,
    expected: refused,
  },
  {
    clause: '9112 §6.3',
    level: 'should',
    situation: 'content-length behind chunked, of the size of the framing',
    demand: 'is an error, as it may be an attempt at smuggling',
    answer: `${kOk}${kChunked}content-length: ${kChunks.length}\r\n\r\n${kChunks}`,
    expected: refused,
  },
  {
    clause: '9112 §6.1',
    level: 'strict',
    situation: 'chunked twice',
    demand: 'the content is refused, or taken out of both codings',
    answer: `${kOk}transfer-encoding: chunked, chunked\r\n\r\nc\r\n${kChunks}\r\n0\r\n\r\n`,
    expected: refused,
    undici: { differs: 'takes it out of one', observed: { ...accepted, body: kChunks } },
    ours: {
      fails: 'takes it out of one, as undici does',
      observed: { ...accepted, body: kChunks },
    },
  },
  {
    clause: '9112 §6.1',
    level: 'strict',
    situation: 'chunked in front of another coding',
    demand: 'the chunks are not taken for the framing; the connection is not used again',
    answer: thenClose(`${kOk}transfer-encoding: chunked, gzip\r\n\r\n${kChunks}`),
    expected: refused,
    undici: takenByUndici,
  },
  {
    clause: '9112 §7',
    level: 'strict',
    situation: 'gzip in front of chunked, without being asked for',
    demand: 'the coded bytes are not given out as the content: an error',
    answer: `${kOk}transfer-encoding: gzip, chunked\r\n\r\n${kChunks}`,
    expected: refused,
    undici: takenByUndici,
  },
  {
    clause: '9112 §7',
    level: 'strict',
    situation: 'a coding that nobody knows',
    demand: 'an error, not the coded bytes',
    answer: thenClose(`${kOk}transfer-encoding: wonderful\r\n\r\nok`),
    expected: refused,
    undici: takenByUndici,
  },
  {
    clause: '9112 §7',
    level: 'strict',
    situation: 'a coding whose name begins with chunked',
    demand: 'is not chunked: an error',
    answer: thenClose(`${kOk}transfer-encoding: chunkedx\r\n\r\n${kChunks}`),
    expected: refused,
    undici: takenByUndici,
  },
  {
    clause: '9112 §6.1',
    level: 'must',
    situation: 'transfer-encoding in a response of version 1.0',
    demand: 'the connection is not used again, whatever it says about itself',
    answer: thenClose(`HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n${kChunked}\r\n${kChunks}`),
    expected: { arrivals: 1, kept: false },
  },
  {
    clause: '9112 §6.1',
    level: 'strict',
    situation: 'transfer-encoding with a byte above 127 in front of chunked',
    demand: 'is not chunked: an error',
    answer: thenClose(`${kOk}transfer-encoding: \xa0chunked\r\n\r\n${kChunks}`),
    expected: refused,
    undici: takenByUndici,
  },
]

const invalidLengths: readonly [situation: string, lines: string][] = [
  ['of letters', 'content-length: two'],
  ['with a sign', 'content-length: +2'],
  ['below zero', 'content-length: -2'],
  ['with a fraction', 'content-length: 2.0'],
  ['in base 16', 'content-length: 0x2'],
  ['with a blank between its digits', 'content-length: 2 2'],
  ['that is empty', 'content-length:'],
  ['in quotes', 'content-length: "2"'],
  ['beyond 64 bits', 'content-length: 18446744073709551618'],
  ['twice with different values', 'content-length: 2\r\ncontent-length: 3'],
  ['as a list of different values', 'content-length: 2, 3'],
]

export const http1FramingRows: readonly Http1Row[] = [
  ...lengths,
  ...codings,
  ...invalidLengths.map(([situation, lines]): Http1Row => ({
    clause: '9112 §6.3',
    level: 'must',
    situation: `content-length ${situation}`,
    demand: 'the connection is closed and the response discarded',
    answer: `${kOk}${lines}\r\n\r\nok`,
    expected: { ...refused, body: '' },
  })),
]
