/** The content of a request over HTTP/1.1, and how it is framed. */
import { pieces } from '../bodies.ts'
import { matching, notMatching, without } from '../matchers.ts'
import { answered, neverSent } from '../row.ts'
import type { Http1Row } from '../row.ts'

const accepted = { ...answered, body: 'ok', kept: true }

export const http1ContentRows: readonly Http1Row[] = [
  {
    clause: '9110 §8.6',
    level: 'should',
    situation: 'GET without content',
    demand: 'neither length nor coding',
    expected: { ...accepted, sent: { fields: without('content-length', 'transfer-encoding') } },
  },
  {
    clause: '9110 §8.6',
    level: 'should',
    situation: 'HEAD without content',
    demand: 'neither length nor coding',
    request: { method: 'HEAD' },
    answer: 'HTTP/1.1 200 OK\r\n\r\n',
    expected: { ...answered, sent: { fields: without('content-length', 'transfer-encoding') } },
  },
  ...['POST', 'PUT', 'PATCH'].map((method): Http1Row => ({
    clause: '9110 §8.6',
    level: 'should',
    situation: `${method} without content`,
    demand: 'content-length 0, as the method has content by its meaning',
    request: { method },
    expected: { ...accepted, sent: { fields: { 'content-length': ['0'] } } },
  })),
  {
    clause: '9110 §8.6',
    level: 'should',
    situation: 'POST of bytes',
    demand: 'one content-length with their number',
    request: { method: 'POST', body: 'h\xe9llo' },
    expected: {
      ...accepted,
      sent: {
        fields: { 'content-length': ['6'] },
        text: notMatching(/transfer-encoding/i),
        body: Buffer.from('h\xe9llo').toString('latin1'),
      },
    },
  },
  {
    clause: '9110 §8.6',
    level: 'must',
    situation: 'the right content-length of the user’s',
    demand: 'is not repeated',
    request: { method: 'POST', body: 'abc', headers: { 'Content-Length': '3' } },
    expected: { ...accepted, sent: { fields: { 'content-length': ['3'] }, body: 'abc' } },
  },
  {
    clause: '9112 §6.2',
    level: 'must',
    situation: 'a wrong content-length of the user’s, for bytes',
    demand: 'is not sent',
    request: { method: 'POST', body: 'abc', headers: { 'content-length': '4' } },
    expected: neverSent,
  },
  {
    clause: '9112 §6.1',
    level: 'must',
    situation: 'content whose length nobody knows',
    demand: 'chunked, and no content-length beside it',
    request: () => ({ method: 'POST', body: pieces('abc', 'de') }),
    expected: {
      ...accepted,
      sent: { fields: without('content-length'), body: 'abcde' },
    },
  },
  {
    clause: '9112 §7.1',
    level: 'must',
    situation: 'chunked content, on the wire',
    demand: 'sizes in base 16, and a last chunk',
    request: () => ({ method: 'POST', body: pieces('abcdefghijklmnop') }),
    expected: {
      ...accepted,
      sent: {
        fields: { 'transfer-encoding': ['chunked'] },
        text: matching(/\r\n\r\n0*10\r\nabcdefghijklmnop\r\n0\r\n\r\n$/),
      },
    },
  },
  {
    clause: '9112 §7.1',
    level: 'must',
    situation: 'an empty piece within content that is chunked',
    demand: 'is no last chunk',
    request: () => ({ method: 'POST', body: pieces('abc', '', 'de') }),
    expected: { ...accepted, sent: { body: 'abcde' } },
  },
  {
    clause: '9112 §7.1',
    level: 'must',
    situation: 'a source of nothing',
    demand: 'a request that ends, whatever its framing',
    request: () => ({ method: 'PUT', body: pieces() }),
    expected: { ...accepted, sent: { body: '' } },
  },
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'a source with content-length of the user’s',
    demand: 'the length frames it, and chunked does not',
    request: () => ({
      method: 'POST',
      body: pieces('abc', 'de'),
      headers: { 'content-length': '5' },
    }),
    expected: {
      ...accepted,
      sent: { text: matching(/\r\ncontent-length: 5\r\n(.+\r\n)*\r\nabcde$/i) },
    },
  },
  {
    clause: '9110 §9.3.8',
    level: 'must',
    situation: 'TRACE without content',
    demand: 'neither length nor coding',
    request: { method: 'TRACE' },
    expected: { ...accepted, sent: { fields: without('content-length', 'transfer-encoding') } },
  },
  {
    clause: '9110 §9.3.8',
    level: 'must',
    situation: 'TRACE with content',
    demand: 'no content is sent with TRACE',
    request: { method: 'TRACE', body: 'abc' },
    expected: neverSent,
    undici: { differs: 'sends it', observed: { ...answered, sent: { body: 'abc' } } },
    ours: {
      fails: 'sends it, as undici does',
      observed: { ...answered, sent: { body: 'abc' } },
    },
  },
  {
    clause: '9112 §6.3',
    level: 'must',
    situation: 'DELETE with content',
    demand: 'it is framed, for the method says nothing about it',
    request: { method: 'DELETE', body: 'abc' },
    expected: { ...answered, sent: { fields: { 'content-length': ['3'] }, body: 'abc' } },
  },
  {
    clause: '9112 §6.2',
    level: 'must',
    situation: 'a source with less than its content-length',
    demand: 'an error; the connection is closed, so that the next request does not fill it up',
    request: () => ({ method: 'POST', body: pieces('ab'), headers: { 'content-length': '3' } }),
    answer: (peer) => peer.body('\r\ncontent-length: 3\r\n').then(() => peer.respond('no')),
    expected: { end: 'refused', kept: false },
  },
  {
    clause: '9112 §6.2',
    level: 'must',
    situation: 'a source with more than its content-length',
    demand: 'an error; what is too much is not sent as the next request',
    request: () => ({
      method: 'POST',
      body: pieces('abc', 'GET /x HTTP/1.1\r\n\r\n'),
      headers: { 'content-length': '3' },
    }),
    answer: () => {},
    expected: { end: 'refused', kept: false },
  },
]
