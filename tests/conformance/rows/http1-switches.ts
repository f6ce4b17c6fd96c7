/** Upgrades and tunnels. */
import { matching, without } from '../matchers.ts'
import { answered, refused, response } from '../row.ts'
import type { Http1Row } from '../row.ts'

const kUpgrade = 'upgrade: a/1\r\nconnection: upgrade\r\n'
const request = { upgrade: 'a/1' }
const connect = { method: 'CONNECT', path: 'example.com:443' }
const switched = { end: 'switched', arrivals: 1, kept: false } as const

export const http1SwitchRows: readonly Http1Row[] = [
  {
    clause: '9110 §7.8',
    level: 'must',
    situation: 'a request for an upgrade',
    demand: 'names it in connection, too',
    request,
    answer: `HTTP/1.1 101 Switching\r\n${kUpgrade}\r\n`,
    expected: {
      ...switched,
      sent: { fields: { upgrade: ['a/1'], connection: [matching(/^upgrade$/i)] } },
    },
  },
  {
    clause: '9110 §15.2.2',
    level: 'must',
    situation: '101 that says what was switched to',
    demand: 'the connection speaks it from there on',
    request,
    answer: `HTTP/1.1 101 Switching\r\n${kUpgrade}\r\nno HTTP`,
    expected: switched,
  },
  {
    clause: '9110 §15.2.2',
    level: 'must',
    situation: '101 that does not say what was switched to',
    demand: 'an error',
    request,
    answer: 'HTTP/1.1 101 Switching\r\n\r\n',
    expected: refused,
  },
  {
    clause: '9110 §15.2.2',
    level: 'must',
    situation: '103 in front of 101',
    demand: 'is parsed',
    request,
    answer: `HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 101 Switching\r\n${kUpgrade}\r\n`,
    expected: switched,
  },
  {
    clause: '9110 §7.8',
    level: 'must',
    situation: '200 to a request for an upgrade',
    demand: 'is the response: a server need not switch',
    request,
    answer: response(),
    expected: { ...answered, body: 'ok' },
  },
  {
    clause: '9110 §9.3.6',
    level: 'must',
    situation: 'CONNECT',
    demand: 'host and port are the whole target',
    request: connect,
    answer: 'HTTP/1.1 200 OK\r\n\r\n',
    expected: { ...switched, sent: { line: 'CONNECT example.com:443 HTTP/1.1' } },
  },
  {
    clause: '9110 §9.3.6',
    level: 'must',
    situation: 'CONNECT without content',
    demand: 'neither length nor coding',
    request: connect,
    answer: 'HTTP/1.1 200 OK\r\n\r\n',
    expected: {
      ...switched,
      sent: {
        fields: without('content-length', 'transfer-encoding'),
      },
    },
  },
  ...(['content-length: 5', 'transfer-encoding: chunked'] as const).map((line): Http1Row => ({
    clause: '9110 §9.3.6',
    level: 'must',
    situation: `CONNECT, and 200 with ${line}`,
    demand: 'the field is ignored: what follows is the tunnel',
    request: connect,
    answer: `HTTP/1.1 200 OK\r\n${line}\r\n\r\nhello`,
    expected: switched,
  })),
  {
    clause: '9110 §9.3.6',
    level: 'must',
    situation: 'CONNECT, and another success, 299',
    demand: 'is a tunnel',
    request: connect,
    answer: 'HTTP/1.1 299 Fine\r\n\r\n',
    expected: switched,
  },
  {
    clause: '9110 §9.3.6',
    level: 'must',
    situation: 'CONNECT, and 103 in front of the success',
    demand: 'is parsed; the tunnel is behind the success',
    request: connect,
    answer: 'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    expected: switched,
  },
  {
    clause: '9110 §9.3.6',
    level: 'must',
    situation: 'CONNECT, and a refusal',
    demand: 'is no tunnel: its content is the refusal’s',
    request: connect,
    answer: response('', 'no', '407 Auth'),
    expected: { ...answered, status: 407, body: 'no' },
    undici: {
      differs: 'hands the connection over, with the status',
      observed: { ...switched, status: 407 },
    },
    ours: {
      fails: 'hands the connection over, with the status, as undici does',
      observed: { ...switched, status: 407 },
    },
  },
]
