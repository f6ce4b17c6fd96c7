/** A server with one object, which it serves as S3 does: ETag, ranges, 416. A test may let it do otherwise. */
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StoredObject {
  readonly data: Buffer
  readonly etag: string
}

export interface ServedRequest {
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
  /** undefined if no range was asked for */
  readonly range: { readonly begin: number; readonly last: number } | undefined
  /** counted from 0 */
  readonly index: number
  /** sends what S3 would send */
  answer(): void
}

export interface ObjectServer extends AsyncDisposable {
  readonly url: string
  readonly object: StoredObject
  /** the `range` headers of the requests so far */
  readonly ranges: (string | undefined)[]
  readonly requests: http.IncomingMessage[]
  /** how many connections are open */
  connections(): number
}

export function storedObject(data: Buffer): StoredObject {
  return { data, etag: `"${createHash('md5').update(data).digest('hex')}"` }
}

/** Serves `data`; `onRequest` may answer instead. */
export async function serveObject(
  data: Buffer,
  onRequest: (served: ServedRequest) => void = ({ answer }) => answer(),
): Promise<ObjectServer> {
  const object = storedObject(data)
  const ranges: (string | undefined)[] = []
  const requests: http.IncomingMessage[] = []
  let open = 0
  const server = http.createServer((request, response) => {
    const index = ranges.length
    ranges.push(request.headers.range)
    requests.push(request)
    response.on('error', () => {})
    const range = rangeOf(request)
    const answer = (): void => sendObject(response, object, range)
    onRequest({ request, response, range, index, answer })
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    open++
    socket.on('error', () => {}).on('close', () => open--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/object`,
    object,
    ranges,
    requests,
    connections: () => open,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Sends the object, or its range, as it should be. */
export function sendObject(
  response: http.ServerResponse,
  { data, etag }: StoredObject,
  range: ServedRequest['range'],
): void {
  if (range === undefined) {
    response.writeHead(200, { etag, 'content-length': data.length }).end(data)
  } else if (range.begin >= data.length) {
    response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end()
  } else {
    const last = Math.min(range.last, data.length - 1)
    sendPart(response, 206, data.subarray(range.begin, last + 1), {
      etag,
      'content-range': `bytes ${range.begin}-${last}/${data.length}`,
    })
  }
}

export function sendPart(
  response: http.ServerResponse,
  status: number,
  bytes: Buffer,
  headers: http.OutgoingHttpHeaders,
): void {
  response.writeHead(status, { 'content-length': bytes.length, ...headers }).end(bytes)
}

/** Bytes that differ at each place, so that a part in the wrong place is seen. */
export function someBytes(size: number, salt = 0): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 17 + salt) & 0xff
  return bytes
}

function rangeOf({ headers }: http.IncomingMessage): ServedRequest['range'] {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
  return match === null ? undefined : { begin: Number(match[1]), last: Number(match[2]) }
}
