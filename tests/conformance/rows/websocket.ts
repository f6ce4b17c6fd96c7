/** The opening handshake of WebSocket, over HTTP/1.1. */
import { matching } from '../matchers.ts'
import type { WebSocketRow } from '../row.ts'

const kSwitch = 'HTTP/1.1 101 Switching Protocols\r\n'
const kFields = 'upgrade: websocket\r\nconnection: upgrade\r\n'

function good(accept: string, more = ''): string {
  return `${kSwitch}${kFields}sec-websocket-accept: ${accept}\r\n${more}\r\n`
}

const requests: readonly WebSocketRow[] = [
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'the request line',
    demand: 'GET, the path with its query, version 1.1',
    expected: { opens: true, sent: { line: 'GET /broken?a=b HTTP/1.1' } },
  },
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'the fields that ask for the switch',
    demand: 'upgrade names websocket, connection names upgrade',
    expected: {
      opens: true,
      sent: {
        fields: {
          upgrade: [matching(/^websocket$/i)],
          connection: [matching(/^upgrade$/i)],
        },
      },
    },
  },
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'the host field',
    demand: 'one, with the port when it is not the scheme’s',
    expected: {
      opens: true,
      sent: { fields: { host: [matching(/^127\.0\.0\.1:\d+$/)] } },
    },
  },
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'the key',
    demand: 'sixteen bytes in base 64',
    expected: {
      opens: true,
      sent: { fields: { 'sec-websocket-key': [matching(/^[\w+/]{22}==$/)] } },
    },
  },
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'the version',
    demand: '13',
    expected: { opens: true, sent: { fields: { 'sec-websocket-version': ['13'] } } },
  },
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'subprotocols',
    demand: 'are named in the order of preference',
    protocols: ['a', 'b'],
    answer: (accept) => good(accept, 'sec-websocket-protocol: b\r\n'),
    expected: {
      opens: true,
      protocol: 'b',
      sent: { text: matching(/sec-websocket-protocol: a(, ?|\r\n.*: )b\r\n/i) },
    },
  },
]

const answers: readonly [
  situation: string,
  demand: string,
  answer: (accept: string) => string,
  opens?: 'opens',
][] = [
  ['an answer as it should be', 'opens', (accept) => good(accept), 'opens'],
  [
    'upgrade and connection in capitals',
    'opens: case does not count',
    (accept) =>
      `${kSwitch}UPGRADE: WebSocket\r\nCONNECTION: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    'opens',
  ],
  [
    'blanks around the accept value',
    'opens: they are no part of it',
    (accept) => `${kSwitch}${kFields}sec-websocket-accept: \t ${accept}\r\n\r\n`,
    'opens',
  ],
  ['the accept value of another key', 'fails', () => good('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')],
  ['no accept value', 'fails', () => `${kSwitch}${kFields}\r\n`],
  [
    'no upgrade',
    'fails',
    (accept) => `${kSwitch}connection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  ],
  [
    'an upgrade to something else',
    'fails',
    (accept) =>
      `${kSwitch}upgrade: h2c\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  ],
  [
    'no connection',
    'fails',
    (accept) => `${kSwitch}upgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  ],
  [
    'connection without upgrade',
    'fails',
    (accept) =>
      `${kSwitch}upgrade: websocket\r\nconnection: keep-alive\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  ],
  [
    'a subprotocol that nobody asked for',
    'fails',
    (accept) => good(accept, 'sec-websocket-protocol: x\r\n'),
  ],
  [
    'an extension that nobody asked for',
    'fails',
    (accept) => good(accept, 'sec-websocket-extensions: x-own\r\n'),
  ],
  [
    '200 with all the fields',
    'fails: nothing was switched',
    (accept) => good(accept).replace('101 Switching Protocols', '200 OK'),
  ],
  [
    '401',
    'fails: what it asks for is not for scripts',
    () => 'HTTP/1.1 401 x\r\nwww-authenticate: Basic\r\ncontent-length: 0\r\n\r\n',
  ],
  ['426', 'fails', () => 'HTTP/1.1 426 x\r\nsec-websocket-version: 8\r\ncontent-length: 0\r\n\r\n'],
  ['an answer that is no HTTP', 'fails', () => 'SSH-2.0-x\r\n\r\n'],
]

export const webSocketRows: readonly WebSocketRow[] = [
  ...requests,
  ...answers.map(([situation, demand, answer, opens]): WebSocketRow => ({
    clause: '6455 §4.1',
    level: 'must',
    situation: `a handshake with ${situation}`,
    demand,
    answer,
    expected: { opens: opens !== undefined },
  })),
  {
    clause: '6455 §4.1',
    level: 'must',
    situation: 'a handshake with connection with more options',
    demand: 'opens: upgrade is among them',
    answer: (accept) => good(accept).replace('connection: ', 'connection: keep-alive, '),
    expected: { opens: true },
    both: { fails: 'undici’s WebSocket compares the whole value', observed: { opens: false } },
  },
  {
    clause: '8441 §3',
    level: 'must',
    situation: 'a server that has not said that it takes extended CONNECT',
    demand: 'is asked in the way of HTTP/1.1',
    expected: { opens: true, sent: { line: matching(/^GET .* HTTP\/1\.1$/) } },
  },
]
