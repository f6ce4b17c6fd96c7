/** A server with the habits of S3: its ETags, ranges, headers and errors, and the troubles that its users see. */
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { Socket } from 'node:net'
import { listen } from './listen.ts'

/** What a request meets instead of its object. */
export type Trouble =
  /** 503 with `SlowDown` and `Retry-After` */
  | 'slow down'
  /** 500 with `InternalError` */
  | 'internal error'
  /** the connection is closed before the head */
  | 'closed before'
  /** the connection is closed in the middle of the body */
  | 'closed within'

export interface Seen {
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
  readonly at: number
}

export interface S3Options {
  /** undefined if all is well with this request; `index` counts from 0 */
  readonly trouble?: (index: number) => Trouble | undefined
  /** seconds, in `Retry-After` */
  readonly retryAfter?: number
  /** another endpoint, to which all requests are sent by a 307 */
  readonly redirectTo?: string
}

export interface S3 extends AsyncDisposable {
  readonly origin: string
  readonly seen: readonly Seen[]
  /** how many requests met trouble */
  readonly troubles: () => number
  /** how many connections are open */
  readonly connections: () => number
  /** Stores an object. One that was uploaded in parts has no MD5 of itself as its ETag. */
  put(key: string, data: Buffer, parts?: number): void
}

interface Stored {
  readonly data: Buffer
  readonly etag: string
  readonly modified: string
}

export async function startS3(options: S3Options = {}): Promise<S3> {
  const objects = new Map<string, Stored>()
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  let troubles = 0
  const server = http.createServer((request, response) => {
    const index = seen.length
    const { url = '/', headers } = request
    const { range, authorization } = headers
    seen.push({ path: url, range, authorization, at: performance.now() })
    response.on('error', () => {})
    response.setHeader('server', 'AmazonS3')
    response.setHeader('x-amz-request-id', `REQUEST${index}`)
    response.setHeader('x-amz-id-2', Buffer.from(`id of ${index}`).toString('base64'))
    const trouble = options.trouble?.(index)
    if (trouble !== undefined) troubles += 1
    if (options.redirectTo !== undefined) {
      response.setHeader('location', options.redirectTo + url)
      fail(response, 307, 'TemporaryRedirect')
    } else if (trouble === 'slow down') {
      response.setHeader('retry-after', options.retryAfter ?? 0)
      fail(response, 503, 'SlowDown')
    } else if (trouble === 'internal error') {
      fail(response, 500, 'InternalError')
    } else if (trouble === 'closed before') {
      request.socket.destroy()
    } else {
      get(request, response, objects.get(url), trouble === 'closed within')
    }
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  const { port, close } = await listen(server, sockets)
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    troubles: () => troubles,
    connections: () => sockets.size,
    put: (key, data, parts) => objects.set(key, stored(data, parts)),
    [Symbol.asyncDispose]: close,
  }
}

function stored(data: Buffer, parts: number | undefined): Stored {
  const digest = createHash('md5').update(data).digest()
  const modified = new Date(Date.now() - 3_600_000).toUTCString()
  if (parts === undefined) return { data, etag: `"${digest.toString('hex')}"`, modified }
  const ofParts = createHash('md5').update(digest).digest('hex')
  return { data, etag: `"${ofParts}-${parts}"`, modified }
}

function get(
  { headers, socket }: http.IncomingMessage,
  response: http.ServerResponse,
  object: Stored | undefined,
  breaksOff: boolean,
): void {
  if (object === undefined) {
    fail(response, 404, 'NoSuchKey')
    return
  }
  const { data, etag, modified } = object
  response.setHeader('accept-ranges', 'bytes')
  const condition = headers['if-range']
  const isSame = condition === undefined || condition === etag || condition === modified
  const asked = isSame ? /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') : null
  const begin = Number(asked?.[1] ?? 0)
  if (asked !== null && begin >= data.length) {
    response.setHeader('content-range', `bytes */${data.length}`)
    fail(response, 416, 'InvalidRange')
    return
  }
  const end = asked?.[2] ? Math.min(Number(asked[2]) + 1, data.length) : data.length
  response.writeHead(asked === null ? 200 : 206, {
    etag,
    'last-modified': modified,
    'content-type': 'binary/octet-stream',
    'content-length': end - begin,
    ...(asked !== null && { 'content-range': `bytes ${begin}-${end - 1}/${data.length}` }),
  })
  if (breaksOff) {
    const middle = begin + ((end - begin) >> 1)
    response.write(data.subarray(begin, middle), () => socket.destroy())
  } else {
    response.end(data.subarray(begin, end))
  }
}

function fail(response: http.ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text)
}
