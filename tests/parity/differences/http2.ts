/** Differences over HTTP/2: resets, refusals, windows, PINGs, connections that break the rules, and sent headers. */
import { dispatch, exchange } from '../../support/recorder.ts'
import type { Recorder, RequestOptions } from '../../support/recorder.ts'
import { field, FrameFlag, FrameType, H2Code } from '../../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../../support/servers/h2-frames.ts'
import { turns, until } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, told } from './support.ts'

const result = ({ error, text }: Recorder): string => (error ? told(error) : text)

/** The result of a GET that is answered frame by frame. */
function answered(
  row: string,
  name: string,
  answer: (peer: H2Peer, stream: number) => void,
  undici: Normal,
  dodici: Normal,
): Difference {
  const play = async (stage: Stage): Promise<Normal> => {
    const server = await stage.h2Frames(async (peer) => answer(peer, await peer.request()))
    return result(await exchange(await stage.agent(), { origin: server.origin }))
  }
  return { row, name, play, undici, dodici }
}

/** A whole head and a forbidden frame, in one piece. */
function breakRules(peer: H2Peer, stream: number): void {
  peer.socket.cork()
  peer.respond(stream)
  peer.send(FrameType.settings, 0, 0, Buffer.alloc(5))
  peer.socket.uncork()
}

/** The response of a server that speaks both protocols but requires HTTP/1.1. */
async function http1Required(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    onStream: (stream) => stream.close(H2Code.http11Required),
    onRequest: (request, response) => void response.end(request.httpVersion),
  })
  return result(await exchange(await stage.agent(), { origin: server.origin }))
}

/** How much a server may send on a new connection before the client has read anything. */
async function connectionWindow(stage: Stage): Promise<Normal> {
  const server = await stage.h2Frames(async (peer) => void (await peer.request()))
  dispatch(await stage.agent(), { origin: server.origin })
  await until('the connection', () => server.peers.length > 0)
  const isUpdate = ({ type, stream }: Frame): boolean =>
    type === FrameType.windowUpdate && stream === 0
  const update = await (server.peers[0] as H2Peer).frame('WINDOW_UPDATE', isUpdate)
  return 65_535 + update.payload.readUInt32BE()
}

/** Whether a PING follows a timeout that comes shortly after the server's last bytes. */
async function pingBehindTimeout(stage: Stage): Promise<Normal> {
  const server = await stage.h2Frames(async (peer) => void (await peer.request()))
  const agent = await stage.agent({ connections: 1 })
  const { error } = await exchange(agent, { origin: server.origin, headersTimeout: 100 })
  const isThere = (): boolean =>
    server.peers.some(({ frames }) => frames.some(({ type }) => type === FrameType.ping))
  return [error?.code, await happens(isThere)]
}

/** A body of fewer bytes than declared. */
async function tooShort(stage: Stage): Promise<Normal> {
  const server = await stage.h2Frames(async (peer) => void (await peer.request()))
  const body = (async function* (): AsyncGenerator<string> {
    await turns(1)
    yield 'abc'
  })() as never
  const headers = { 'content-length': '10' }
  const options = { origin: server.origin, method: 'POST', headers, body, headersTimeout: 500 }
  return result(await exchange(await stage.agent(), options))
}

/** How repeated headers arrive if another header is between them. */
async function repeatedHeaders(stage: Stage): Promise<Normal> {
  const arrived: string[] = []
  const server = await stage.tls({
    protocols: 'h2',
    onRequest: ({ rawHeaders }, response) => {
      rawHeaders.forEach((name, at) => {
        if (name.startsWith('x-')) arrived.push(`${name}: ${rawHeaders[at + 1]}`)
      })
      response.end()
    },
  })
  const headers = ['x-a', '1', 'x-b', '2', 'x-a', '3']
  await exchange(await stage.agent(), { origin: server.origin, headers })
  return arrived
}

/** How many bytes a SocketError says were read of a connection that ends within a body of four. */
async function bytesRead(stage: Stage): Promise<Normal> {
  const server = await stage.h2Frames(async (peer) => {
    const stream = await peer.request()
    peer.respond(stream)
    peer.data(stream, 'some')
  })
  const recorder = dispatch(await stage.agent(), { origin: server.origin })
  await recorder.seen('onResponseData')
  server.peers[0]?.socket.end()
  const { socket } = (await recorder.done).error as { socket?: { bytesRead: number } }
  return socket?.bytesRead
}

/** The content-type that arrives. */
async function contentType(stage: Stage, options: RequestOptions): Promise<Normal> {
  const server = await stage.tls({
    protocols: 'h2',
    onRequest: (request, response) => {
      response.end(request.headers['content-type']?.split(';')[0] ?? 'none')
    },
  })
  const all = { origin: server.origin, method: 'POST', ...options }
  return result(await exchange(await stage.agent(), all))
}

async function formData(): Promise<FormData> {
  const { FormData: Form } = await import('undici')
  const form = new Form()
  form.set('a', 'b')
  return form
}

const blob = "Over HTTP/2 a Blob's"

export const http2Differences: readonly Difference[] = [
  answered(
    'HTTP/2 stream reset within',
    'behind a piece',
    (peer, stream) => {
      peer.respond(stream)
      peer.data(stream, 'some')
      peer.reset(stream, H2Code.cancel)
    },
    'some',
    'Error ERR_HTTP2_STREAM_ERROR',
  ),
  answered(
    'If a server breaks',
    'SETTINGS of five bytes',
    breakRules,
    'Error ERR_HTTP2_ERROR',
    'SocketError UND_ERR_SOCKET',
  ),
  {
    row: 'A request that the',
    name: 'a streamed body that is too short',
    play: tooShort,
    undici: 'HeadersTimeoutError UND_ERR_HEADERS_TIMEOUT',
    dodici: 'RequestContentLengthMismatchError UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  },
  {
    row: 'A stream that the',
    name: 'by a server of both',
    play: http1Required,
    undici: 'Error ERR_HTTP2_STREAM_ERROR',
    dodici: '1.1',
  },
  {
    row: 'The window of a',
    name: 'at its beginning',
    play: connectionWindow,
    undici: 524_288,
    dodici: 1_048_576_000,
  },
  {
    row: 'Over HTTP/2 `SocketError.socket`',
    name: 'what was read',
    play: bytesRead,
    // SETTINGS, the acknowledgement of the client's, HEADERS and DATA.
    undici: 9 + 9 + 10 + 13,
    dodici: 'HTTP/2 200 \r\n\r\nsome'.length,
  },
  {
    row: 'A PING behind a',
    name: 'soon after the last bytes',
    play: pingBehindTimeout,
    undici: ['UND_ERR_HEADERS_TIMEOUT', true],
    dodici: ['UND_ERR_HEADERS_TIMEOUT', false],
  },
  answered(
    'Over HTTP/2 heads of',
    '200 headers',
    (peer, stream) => {
      const fields = Array.from({ length: 200 }, (_none, n) => field(`x-${n}`, 'x'))
      peer.respond(stream, 0, Buffer.concat(fields))
      peer.data(stream, 'taken', FrameFlag.endStream)
    },
    'Error ERR_HTTP2_STREAM_ERROR',
    'taken',
  ),
  {
    row: 'Over HTTP/2 repeated request',
    name: 'with another between them',
    play: repeatedHeaders,
    undici: ['x-a: 1, 3', 'x-b: 2'],
    dodici: ['x-a: 1', 'x-b: 2', 'x-a: 3'],
  },
  {
    row: blob,
    name: "a Blob's",
    play: (stage) =>
      contentType(stage, { body: new Blob(['abc'], { type: 'text/mine' }) as never }),
    undici: 'none',
    dodici: 'text/mine',
  },
  {
    row: blob,
    name: "a user's",
    play: async (stage) => {
      const headers = { 'content-type': 'mine/own' }
      return contentType(stage, { headers, body: (await formData()) as never })
    },
    undici: 'multipart/form-data',
    dodici: 'mine/own',
  },
]
