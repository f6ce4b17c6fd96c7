import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import { quiet } from '../../support/wait.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const ok = 'HTTP/1.1 200 OK\r\n'

/** A request over HTTP/1.1 that is answered by these bytes. */
function limited(
  no: number,
  name: string,
  agentOptions: AgentOptions,
  bytes: string,
  options: RequestOptions = {},
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.answering(bytes)
      const agent = await stage.agent({ connections: 1, ...agentOptions })
      return seen(await exchange(agent, { origin: server.origin, ...options }))
    },
  }
}

/** How many streams at a time, and how many connections, a number of requests use over HTTP/2. */
function streams(
  name: string,
  agentOptions: AgentOptions,
  settings: { maxConcurrentStreams?: number } = {},
): Scenario {
  return {
    no: 20,
    name: `HTTP/2: ${name}`,
    play: async (stage) => {
      let running = 0
      let most = 0
      const server = await stage.tls({
        protocols: 'h2',
        server: { settings },
        onStream: async (stream) => {
          running += 1
          most = Math.max(most, running)
          await quiet(20)
          running -= 1
          stream.respond({ ':status': 200 })
          stream.end('ok')
        },
      })
      const agent = await stage.agent({ connections: 1, ...agentOptions })
      await exchange(agent, { origin: server.origin })
      const all = Array.from({ length: 8 }, () => dispatch(agent, { origin: server.origin }))
      const texts = await Promise.all(all.map(async (recorder) => (await recorder.done).text))
      return { most, texts, accepted: server.accepted }
    },
  }
}

const names = 'content-length0x-a'.length
const head = (size: number): string =>
  `${ok}content-length: 0\r\nx-a: ${'x'.repeat(size - names)}\r\n\r\n`
const chunked = (trailer: string): string =>
  `${ok}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailer}\r\n\r\n`

export const limitScenarios: readonly Scenario[] = [
  limited(34, 'a head just below maxHeaderSize', { maxHeaderSize: 100 }, head(99)),
  limited(34, 'a head of maxHeaderSize', { maxHeaderSize: 100 }, head(100)),
  limited(
    34,
    'maxHeaderSize counts each head by itself',
    { maxHeaderSize: 100 },
    `HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(80)}\r\n\r\n${head(90)}`,
  ),
  limited(
    34,
    'a 103 of maxHeaderSize',
    { maxHeaderSize: 100 },
    `HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(96)}\r\n\r\n${head(90)}`,
  ),
  limited(
    34,
    'trailers below maxHeaderSize',
    { maxHeaderSize: 100 },
    chunked(`a: ${'x'.repeat(98)}`),
  ),
  limited(34, 'trailers of maxHeaderSize', { maxHeaderSize: 100 }, chunked(`a: ${'x'.repeat(99)}`)),
  limited(
    34,
    'maxResponseSize reached',
    { maxResponseSize: 4 },
    `${ok}content-length: 4\r\n\r\nfour`,
  ),
  limited(
    34,
    'maxResponseSize 0 and no body',
    { maxResponseSize: 0 },
    `${ok}content-length: 0\r\n\r\n`,
  ),
  limited(
    34,
    'maxResponseSize 0 and a body',
    { maxResponseSize: 0 },
    `${ok}content-length: 1\r\n\r\nx`,
  ),
  limited(
    34,
    'maxResponseSize and HEAD',
    { maxResponseSize: 1 },
    `${ok}content-length: 9\r\n\r\n`,
    { method: 'HEAD' },
  ),
  limited(
    34,
    'maxResponseSize counts what is encoded',
    { maxResponseSize: 3 },
    `${ok}content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc`,
  ),
  {
    no: 88,
    name: 'HTTP/2: maxResponseSize ends one stream, not its siblings',
    play: async (stage) => {
      const server = await stage.tls({
        protocols: 'h2',
        onStream: async (stream, headers) => {
          stream.respond({ ':status': 200 })
          await quiet(30)
          stream.end(headers[':path'] === '/long' ? 'too long' : 'four')
        },
      })
      const agent = await stage.agent({ maxResponseSize: 4 })
      const { origin } = server
      await exchange(agent, { origin })
      const all = ['/long', '/', '/'].map((path) => dispatch(agent, { origin, path }))
      await Promise.all(all.map((recorder) => recorder.done))
      return {
        seen: all.map((recorder) => seen(recorder, { withoutRaw: true }).calls),
        accepted: server.accepted,
      }
    },
  },
  {
    no: 34,
    name: 'HTTP/2: maxHeaderSize',
    play: async (stage) => {
      const server = await stage.tls({
        protocols: 'h2',
        onStream: (stream) => {
          stream.respond({ ':status': 200, 'x-a': 'x'.repeat(200) })
          stream.end('ok')
        },
      })
      const agent = await stage.agent({ maxHeaderSize: 100 })
      return seen(await exchange(agent, { origin: server.origin }), { withoutRaw: true }).calls
    },
  },
  ...[1, 2].map((most): Scenario => ({
    no: 17,
    name: `maxRequestsPerClient: ${most}, the connection headers`,
    play: async (stage) => {
      const said: unknown[] = []
      const server = await stage.http1((request, response) => {
        said.push(request.headers.connection)
        response.end('ok')
      })
      const agent = await stage.agent({ connections: 1, maxRequestsPerClient: most })
      for (let i = 0; i < 4; i += 1) await exchange(agent, { origin: server.origin })
      return { said: said as string[], accepted: server.accepted }
    },
  })),
  {
    no: 17,
    name: 'HTTP/2: maxRequestsPerClient',
    play: async (stage) => {
      const server = await stage.tls({
        protocols: 'h2',
        onStream: (stream) => {
          stream.respond({ ':status': 200 })
          stream.end('ok')
        },
      })
      const agent = await stage.agent({ connections: 1, maxRequestsPerClient: 1 })
      for (let i = 0; i < 3; i += 1) await exchange(agent, { origin: server.origin })
      return { accepted: server.accepted }
    },
  },
  streams('maxConcurrentStreams', { h2Options: { maxConcurrentStreams: 2 } }),
  streams('maxConcurrentStreams by its old name', { maxConcurrentStreams: 3 }),
  streams("the server's maxConcurrentStreams", {}, { maxConcurrentStreams: 2 }),
  streams(
    'the smaller of the two',
    { h2Options: { maxConcurrentStreams: 3 } },
    { maxConcurrentStreams: 5 },
  ),
  streams('two connections', { connections: 2, h2Options: { maxConcurrentStreams: 2 } }),
]
