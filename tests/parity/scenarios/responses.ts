import { exchange } from '../../support/recorder.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

/** A GET of `/` that is answered by these bytes. */
function answer(no: number, name: string, bytes: string, closes = false): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.answering(bytes, closes ? (peer) => peer.fin() : undefined)
      const agent = await stage.agent({ connections: 1 })
      return seen(await exchange(agent, { origin: server.origin }))
    },
  }
}

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}transfer-encoding: chunked\r\n`

export const responseScenarios: readonly Scenario[] = [
  answer(1, 'GET with content-length', `${ok}content-length: 5\r\n\r\nhello`),
  answer(2, 'chunked', `${chunked}\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`),
  answer(
    3,
    'chunked with trailers',
    `${chunked}trailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nx-two: a\r\nX-Two: b\r\n\r\n`,
  ),
  answer(4, 'a body to the end of the connection', `${ok}\r\nto the end`, true),
  answer(5, 'HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\nx-a: 1\r\n\r\nold', true),
  {
    no: 6,
    name: 'HEAD with content-length',
    play: async (stage) => {
      const server = await stage.answering(`${ok}content-length: 5\r\n\r\n`)
      const agent = await stage.agent()
      return seen(await exchange(agent, { origin: server.origin, method: 'HEAD' }))
    },
  },
  answer(7, '204', 'HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n'),
  answer(7, '304 with content-length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'),
  answer(8, 'an empty reason phrase', 'HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n'),
  answer(8, 'no reason phrase', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'),
  answer(8, 'a reason phrase in UTF-8', 'HTTP/1.1 200 gr\xc3\xbcn\r\ncontent-length: 0\r\n\r\n'),
  answer(
    9,
    'repeated headers, cookies, latin1, empty values',
    `${ok}X-A: 1\r\nx-a: 2\r\nSet-Cookie: a=1\r\nX-L: caf\xe9\r\nX-E:\r\nX-S:   y\r\ncontent-length: 0\r\n\r\n`,
  ),
  answer(9, 'two cookies', `${ok}set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n`),
  answer(9, '__proto__ as a header', `${ok}__proto__: x\r\ncontent-length: 0\r\n\r\n`),
  answer(
    11,
    '103, 102 and then 200',
    `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok}content-length: 2\r\n\r\nok`,
  ),
  answer(
    13,
    '101 without an upgrade',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ),
  {
    no: 86,
    name: 'HTTP/2: GET with repeated headers, cookies and trailers',
    play: async (stage) => {
      const server = await stage.tls({
        protocols: 'h2',
        onStream: (stream) => {
          const headers = { ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-a': ['1', '2'] }
          stream.respond(headers, { waitForTrailers: true })
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
          stream.end('hello')
        },
      })
      const agent = await stage.agent()
      const { calls } = seen(await exchange(agent, { origin: server.origin }), { withoutRaw: true })
      // undici announces only final heads over HTTP/2; and has one object for headers and trailers.
      return calls
    },
  },
  {
    no: 95,
    name: 'content-encoding passes through untouched',
    play: async (stage) => {
      const server = await stage.answering(
        `${ok}content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc`,
      )
      const agent = await stage.agent()
      return seen(await exchange(agent, { origin: server.origin }))
    },
  },
]
