/** The contents of messages: informational responses, trailers, bytes beyond ASCII, header order, paths. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { exchange } from '../../support/recorder.ts'
import { quiet } from '../../support/wait.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import { normalHead, seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const end = 'content-length: 0\r\n\r\n'
const chunked = `${ok}transfer-encoding: chunked\r\n`

function answer(no: number, name: string, bytes: string, options: RequestOptions = {}): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.answering(bytes)
      const agent = await stage.agent({ connections: 1 })
      return seen(await exchange(agent, { origin: server.origin, ...options }))
    },
  }
}

const trailers = (name: string, lines: string): Scenario =>
  answer(3, `trailers: ${name}`, `${chunked}\r\n2\r\nok\r\n0\r\n${lines}\r\n`)

/** A response over HTTP/2. */
function answer2(
  name: string,
  respond: (stream: ServerHttp2Stream) => void,
  options: RequestOptions = {},
): Scenario {
  return {
    no: 86,
    name: `HTTP/2: ${name}`,
    play: async (stage) => {
      const server = await stage.tls({ protocols: 'h2', onStream: respond })
      const agent = await stage.agent()
      const recorder = await exchange(agent, { origin: server.origin, ...options })
      return seen(recorder, { withoutRaw: true }).calls.filter(
        (call) => (call as { call: string }).call !== 'started',
      )
    },
  }
}

/** A request as it arrives over HTTP/2: pseudo-headers, then headers in order, then the body. */
function sent2(name: string, options: () => RequestOptions): Scenario {
  return {
    no: 86,
    name: `HTTP/2: what arrives of ${name}`,
    play: async (stage) => {
      const server = await stage.tls({ protocols: 'h2' })
      const arrived: string[] = []
      server.server.on(
        'stream',
        (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: string[]) => {
          for (let i = 0; i < raw.length; i += 2) arrived.push(`${raw[i]}: ${raw[i + 1]}`)
          stream.setEncoding('latin1')
          stream.on('data', (text: string) => arrived.push(text))
          stream.on('end', () => {
            stream.respond({ ':status': 200 })
            stream.end()
          })
        },
      )
      const agent = await stage.agent()
      const recorder = await exchange(agent, { origin: server.origin, ...options() })
      const isPseudo = (line: string): boolean => line.startsWith(':')
      return {
        error: recorder.error?.message,
        pseudo: arrived
          .filter(isPseudo)
          .map((line) => line.replace(/:\d{4,5}$/, ':PORT'))
          .toSorted(),
        rest: arrived.filter((line) => !isPseudo(line)),
      }
    },
  }
}

/** The head and body that arrive over HTTP/1.1. */
function sent(no: number, name: string, options: () => RequestOptions): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.answering(`${ok}${end}`)
      const agent = await stage.agent()
      const recorder = await exchange(agent, { origin: server.origin, ...options() })
      const wire = server.peers[0]?.log ?? ''
      return {
        head: normalHead(wire),
        body: wire.slice(wire.indexOf('\r\n\r\n')),
        error: recorder.error?.message,
      }
    },
  }
}

const early = (n: number): string => `HTTP/1.1 103 Early Hints\r\nlink: </${n}>\r\n\r\n`

type Request = [string, () => RequestOptions]

const requests: Request[] = [
  ['headers in an order', () => ({ headers: { b: '2', A: '1', c: '3', 'X-Y': 'z' } })],
  ['an empty value', () => ({ headers: { 'x-a': '', 'x-b': '1' } })],
  ['a latin1 value', () => ({ headers: { 'x-a': 'caf\xe9', 'x-b': '\xff' } })],
  ['usual headers', () => ({ headers: { 'User-Agent': 'me', accept: '*/*', te: 'trailers' } })],
  ['a POST with string', () => ({ method: 'POST', body: 'hello', headers: { 'x-a': '1' } })],
  ['a POST without body', () => ({ method: 'POST' })],
  ['a content-type', () => ({ method: 'PUT', body: 'x', headers: { 'Content-Type': 'a/b' } })],
  ['a GET with body', () => ({ method: 'GET', body: 'hello' })],
  ['a DELETE', () => ({ method: 'DELETE' })],
  ['a method of its own', () => ({ method: 'FOO' })],
  ['a lower-case method', () => ({ method: 'get' })],
  ...['/a/../b//c?x=%zz', '/?x="<>|', '/#f', '/caf\xe9', '/a%20b', '//x', '/?', '/%00'].map(
    (path): Request => [`path ${path}`, () => ({ path })],
  ),
  ['a query', () => ({ path: '/p', query: { a: 'é&', b: [1, 2] } })],
]

// Over HTTP/2 undici joins repeated headers, and loses values that begin with blanks; it closes after a HEAD.
const requests1: Request[] = [
  ['headers twice', () => ({ headers: ['x-a', '1', 'X-A', '2', 'x-b', '3', 'x-a', '4'] })],
  ['a header with several values', () => ({ headers: { 'x-a': ['1', '2'], 'x-b': '3' } })],
  ['cookies', () => ({ headers: ['cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2'] })],
  ['blanks around a value', () => ({ headers: { 'x-a': '  1  ' } })],
  ['expectContinue', () => ({ method: 'POST', body: 'x', expectContinue: true })],
]

const requests2: Request[] = [
  ['a HEAD', () => ({ method: 'HEAD' })],
  ['a GET with expectContinue', () => ({ expectContinue: true })],
]

/** An upload over HTTP/2 that waits for 100: what the server gets before and after its first answer, and the calls. */
function expecting(
  name: string,
  respond: (stream: ServerHttp2Stream) => Promise<void> | void,
  body: () => unknown = () => 'hello',
): Scenario {
  return {
    no: 90,
    name: `HTTP/2, expectContinue: ${name}`,
    play: async (stage) => {
      const server = await stage.tls({ protocols: 'h2' })
      let before = ''
      let arrived = ''
      const asked: unknown[] = []
      server.server.on(
        'stream',
        async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
          if (headers[':path'] === '/next') {
            await echo(stream)
            return
          }
          asked.push(headers.expect)
          stream.setEncoding('latin1')
          stream.on('data', (text: string) => (arrived += text))
          await quiet(60)
          before = arrived
          await respond(stream)
        },
      )
      const agent = await stage.agent()
      const options = { method: 'POST', body: body() as never, expectContinue: true }
      const recorder = await exchange(agent, { origin: server.origin, ...options })
      const { calls, bodySent } = seen(recorder, { withoutRaw: true })
      const next = await exchange(agent, { origin: server.origin, path: '/next' })
      return {
        asked: asked.length > 0 ? (asked[0] as string) : null,
        before,
        arrived,
        bodySent,
        calls: calls.filter((call) => (call as { call: string }).call !== 'started'),
        next: next.status as number,
      }
    },
  }
}

const echo = async (stream: ServerHttp2Stream): Promise<void> => {
  stream.respond({ ':status': 200 })
  stream.end('ok')
}

const afterwards = (stream: ServerHttp2Stream): void => {
  stream.additionalHeaders({ ':status': 100 })
  stream.on('end', () => void echo(stream))
}

function* pieces(): Generator<string> {
  yield 'one '
  yield 'two'
}

export const messageScenarios: readonly Scenario[] = [
  answer(11, '103 several times', `${early(1)}${early(2)}${early(3)}${ok}${end}`),
  answer(11, '103 before 304', `${early(1)}HTTP/1.1 304 Not Modified\r\n\r\n`),
  answer(11, '103 before HEAD', `${early(1)}${ok}content-length: 5\r\n\r\n`, { method: 'HEAD' }),
  answer(11, '102 without headers', `HTTP/1.1 102 Processing\r\n\r\n${ok}${end}`),
  answer(11, '199 with repeated headers', `HTTP/1.1 199 x\r\nA: 1\r\na: 2\r\n\r\n${ok}${end}`),
  answer(11, '103 with content-length', `HTTP/1.1 103 x\r\ncontent-length: 5\r\n\r\n${ok}${end}`),
  answer(11, '103 for an upload', `${early(1)}${ok}${end}`, { method: 'POST', body: 'x' }),
  trailers('repeated, latin1, in the wire case', 'X-A: 1\r\nx-a: 2\r\nX-L: caf\xe9\r\nX-E:\r\n'),
  trailers('cookies', 'set-cookie: a=1\r\nset-cookie: b=2\r\n'),
  trailers('__proto__', '__proto__: x\r\n'),
  trailers('content-length', 'content-length: 7\r\nx: y\r\n'),
  trailers('transfer-encoding', 'transfer-encoding: chunked\r\nx: y\r\n'),
  trailers('connection: close', 'connection: close\r\nx: y\r\n'),
  answer(9, 'blanks around values', `${ok}a:1\r\nb:   2  \r\nc:\t3\t\r\n${end}`),
  answer(9, 'a long value', `${ok}a: ${'x'.repeat(15_000)}\r\n${end}`),
  answer(
    9,
    'many headers',
    `${ok}${Array.from({ length: 300 }, (_, i) => `x-${i}: ${i}\r\n`).join('')}${end}`,
  ),
  answer(9, 'bytes of UTF-8 in a value', `${ok}a: \xc3\xa9\r\n${end}`),
  answer(9, 'numbers as names', `${ok}2: b\r\n1: a\r\n${end}`),
  answer(8, 'a status of its own', `HTTP/1.1 299 Fine, thanks\r\n${end}`),
  answer(8, 'a status beyond 599', `HTTP/1.1 799 What\r\n${end}`),
  answer2('103, then 200', (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    stream.respond({ ':status': 200 })
    stream.end('ok')
  }),
  answer2('102, 103 twice, then 204', (stream) => {
    stream.additionalHeaders({ ':status': 102 })
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    stream.additionalHeaders({ ':status': 103, link: ['</b>', '</c>'] })
    stream.respond({ ':status': 204 }, { endStream: true })
  }),
  answer2('100 that nobody asked for', (stream) => {
    stream.additionalHeaders({ ':status': 100 })
    stream.respond({ ':status': 200 })
    stream.end('ok')
  }),
  answer2('trailers: repeated, cookies', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'x-a': ['1', '2'], 'set-cookie': ['a=1', 'b=2'], 'x-l': 'caf\xe9' }),
    )
    stream.end('ok')
  }),
  answer2('trailers without a body', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-a': '1' }))
    stream.end()
  }),
  answer2('latin1, empty values, numbers', (stream) => {
    stream.respond({ ':status': 200, 'x-l': 'caf\xe9', 'x-e': '', '1': 'a' })
    stream.end('ok')
  }),
  answer2('a status of its own', (stream) => {
    stream.respond({ ':status': 299 })
    stream.end('ok')
  }),
  answer2(
    'HEAD',
    (stream) => {
      stream.respond({ ':status': 200, 'content-length': '5' }, { endStream: true })
    },
    { method: 'HEAD' },
  ),
  answer2('304 with content-length', (stream) => {
    stream.respond({ ':status': 304, 'content-length': '5' }, { endStream: true })
  }),
  expecting('100', afterwards),
  expecting('100, and a stream', afterwards, pieces),
  expecting('100, and much', afterwards, () => 'x'.repeat(300_000)),
  ...[401, 500].map((status) =>
    expecting(`${status} instead of 100`, (stream) => {
      stream.respond({ ':status': status })
      stream.end('no')
    }),
  ),
  expecting('417 instead of 100', (stream) =>
    stream.respond({ ':status': 417 }, { endStream: true }),
  ),
  expecting(
    '417 instead of 100, and a stream',
    (stream) => stream.respond({ ':status': 417 }, { endStream: true }),
    pieces,
  ),
  expecting('103, then 100', (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</a>' })
    afterwards(stream)
  }),
  ...[...requests, ...requests2].map(([name, options]) => sent2(name, options)),
  ...[...requests, ...requests1].map(([name, options]) =>
    sent(57, `what arrives of ${name}`, options),
  ),
]
