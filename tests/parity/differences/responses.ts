/** Differences of HTTP/1.1 responses: what is accepted, what ends the connection, and the memory of bodies. */
import type { AgentOptions } from '../../support/agents.ts'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RawOptions, RawScript } from '../../support/servers/raw.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { told } from './support.ts'

const head = 'HTTP/1.1 200 OK\r\n'
const ok = `${head}content-length: 2\r\n\r\nok`
const chunks = 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'

/** The result of a response: its body, or the error. */
async function outcome(
  stage: Stage,
  script: RawScript,
  options: { agent?: AgentOptions; server?: RawOptions } = {},
): Promise<string> {
  const server = await stage.raw(script, options.server)
  const agent = await stage.agent(options.agent)
  const { error, text } = await exchange(agent, { origin: server.origin })
  // Only undici has the parser's own code.
  return error ? told(error).replace(/^(HTTPParserError) .*$/, '$1') : text
}

function answered(
  row: string,
  name: string,
  bytes: string,
  undici: Normal,
  dodici: Normal,
  agent: AgentOptions = {},
): Difference {
  const script: RawScript = async (peer) => {
    await peer.head()
    peer.send(bytes)
  }
  return { row, name, play: (stage) => outcome(stage, script, { agent }), undici, dodici }
}

/** Like `answered`, but the server closes its side after the bytes. */
function cut(row: string, name: string, bytes: string, undici: Normal, dodici: Normal): Difference {
  const script: RawScript = async (peer) => {
    await peer.head()
    await peer.deliver(bytes)
    peer.fin()
  }
  return { row, name, play: (stage) => outcome(stage, script), undici, dodici }
}

/** A body without a length, over TLS, whose TCP connection ends without close_notify. */
function truncated(stage: Stage): Promise<Normal> {
  const script: RawScript = async (peer) => {
    await peer.head()
    await peer.deliver(`${head}\r\nok`)
    peer.transport.end()
  }
  return outcome(stage, script, { server: { tls: true } })
}

/** A GET on a kept connection that ends instead of answering. */
async function deadConnection(stage: Stage): Promise<Normal> {
  const server = await stage.raw([
    async (peer) => {
      await peer.head()
      peer.send(ok)
      await peer.head()
      peer.fin()
    },
    async (peer) => {
      await peer.head()
      peer.send(ok)
    },
  ])
  const agent = await stage.agent({ connections: 1 })
  await exchange(agent, { origin: server.origin })
  const { error, text } = await exchange(agent, { origin: server.origin })
  return error ? told(error) : text
}

/** What happens to the memory of a small chunk that a handler transfers. */
async function transferred(stage: Stage): Promise<Normal> {
  const server = await stage.http1((_request, response) => void response.end('some bytes'))
  const { promise, resolve } = Promise.withResolvers<string>()
  dispatch(
    await stage.agent(),
    { origin: server.origin },
    {
      onResponseData: (_recorder, _controller, chunk) => {
        try {
          structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })
          resolve('transferred')
        } catch (error) {
          resolve((error as Error).name)
        }
      },
    },
  )
  return promise
}

async function emptyHost(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    protocols: 'h1',
    onRequest: (request, response) => {
      response.end(request.headers.host?.replace(/:\d+$/, ''))
    },
  })
  const agent = await stage.agent()
  const { text } = await exchange(agent, { origin: server.origin, headers: { host: '' } })
  return text
}

const limits = "libcurl's own limits: a"
const roomy = { maxHeaderSize: 4_000_000 }
const codings = 'Of `transfer-encoding` only `chunked`'
const folded = 'A folded header line'
const blanks = 'Blank lines in front'

export const responseDifferences: readonly Difference[] = [
  {
    row: 'TLS that breaks off',
    name: 'behind a body',
    play: truncated,
    undici: 'ok',
    dodici: 'SocketError UND_ERR_SOCKET',
  },
  answered(
    '100 without being asked,',
    'in front of a response',
    `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
    'SocketError UND_ERR_SOCKET',
    'ok',
  ),
  {
    row: 'a kept connection that',
    name: 'a GET',
    play: deadConnection,
    undici: 'SocketError UND_ERR_SOCKET',
    dodici: 'ok',
  },
  {
    row: 'the memory of a',
    name: 'a small chunk that is transferred',
    play: transferred,
    undici: 'transferred',
    dodici: 'DataCloneError',
  },
  {
    row: 'Over TLS an empty',
    name: 'over HTTP/1.1',
    play: emptyHost,
    undici: '',
    dodici: 'localhost',
  },
  answered(
    'The answer behind a 1xx head',
    '103',
    `HTTP/1.1 103 Early Hints\r\nconnection: close\r\n\r\n${ok}`,
    'HTTPParserError',
    'ok',
  ),
  answered(
    limits,
    'a long line',
    `${head}x-a: ${'a'.repeat(120_000)}\r\ncontent-length: 2\r\n\r\nok`,
    'ok',
    'HeadersOverflowError UND_ERR_HEADERS_OVERFLOW',
    roomy,
  ),
  answered(
    limits,
    'a big head',
    `${head}${`x-a: ${'a'.repeat(40_000)}\r\n`.repeat(9)}content-length: 2\r\n\r\nok`,
    'ok',
    'SocketError UND_ERR_SOCKET',
    roomy,
  ),
  answered(
    limits,
    'many lines',
    `${head}${'x-a: b\r\n'.repeat(5100)}content-length: 2\r\n\r\nok`,
    'ok',
    'HeadersOverflowError UND_ERR_HEADERS_OVERFLOW',
    roomy,
  ),
  answered(
    codings,
    'a coding in front of it',
    `${head}transfer-encoding: gzip, ${chunks.slice('transfer-encoding: '.length)}`,
    'ok',
    'HTTPParserError',
  ),
  answered(
    codings,
    'a length beside it',
    `${head}content-length: 2\r\n${chunks}`,
    'ResponseContentLengthMismatchError UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'HTTPParserError',
  ),
  answered(
    codings,
    'two lengths',
    `${head}content-length: 2\r\ncontent-length: 3\r\n\r\nok`,
    'ResponseContentLengthMismatchError UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'HTTPParserError',
  ),
  answered(
    folded,
    'behind a header',
    `${head}x-a: b\r\n c\r\ncontent-length: 2\r\n\r\nok`,
    'HTTPParserError',
    'ok',
  ),
  answered(
    folded,
    'content-length twice',
    `${head}content-length: 2\r\ncontent-length: 2\r\n\r\nok`,
    'ResponseContentLengthMismatchError UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'ok',
  ),
  answered(blanks, 'in front', `\r\n\r\n${ok}`, 'ok', 'HTTPParserError'),
  cut(
    blanks,
    'the end behind a CR',
    `${head}content-length: 2\r\n\r`,
    'SocketError UND_ERR_SOCKET',
    'HTTPParserError',
  ),
  answered(
    blanks,
    "a blank in a chunk's extension",
    `${head}transfer-encoding: chunked\r\n\r\n2; a\r\nok\r\n0\r\n\r\n`,
    'HTTPParserError',
    'ok',
  ),
]
