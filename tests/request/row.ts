/** A situation of request(), tried with undici's and with ours. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Puppet } from './puppet.ts'

export type Data = Dispatcher.ResponseData<unknown>
export type Body = Data['body']
type Callback = (error: Error | null, data: Data) => void

/** request(), for arguments of any kind. */
export interface Request {
  (url: unknown, options?: unknown): Promise<Data>
  (url: unknown, options: unknown, callback: Callback): void
}

/** request() as a method of a dispatcher. */
export interface Method {
  (options?: unknown): Promise<Data>
  (options: unknown, callback: Callback): void
}

export interface Played {
  /** its default dispatcher is `puppet` */
  readonly request: Request
  readonly method: Method
  readonly puppet: Puppet
}

export interface Sent {
  readonly request: Request
  readonly method: Method
  readonly dispatcher: Dispatcher
  readonly origin: string
  /** Lets the server go on, where `answer` waits for it. */
  readonly go: () => void
}

interface Common {
  readonly group: string
  readonly name: string
  /** Our result, if it is meant to differ. COMPATIBILITY.md says why. */
  readonly ours?: unknown
}

/** Over a dispatcher that the row plays. */
export interface PlayedRow extends Common {
  readonly play: (stage: Played) => unknown
}

/** Over an Agent and a server, in each protocol. */
export interface SentRow extends Common {
  readonly send: (stage: Sent) => unknown
  /** Default: 200 and "hello". `wait` ends when the row says `go()`. */
  readonly answer?: (
    request: IncomingMessage,
    response: ServerResponse,
    wait: Promise<void>,
  ) => unknown
}

export type Row = PlayedRow | SentRow

/** The forms in which a whole body can be read. */
export const shapes = ['text', 'json', 'bytes', 'arrayBuffer', 'blob'] as const
export type Shape = (typeof shapes)[number]

export const url = 'http://localhost:1234/path?query=1'

/** The parts of an error that do not change from run to run. */
export function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message, cause, name } = error
  const { code } = error as { code?: unknown }
  return {
    class: error.constructor.name,
    name,
    message: message.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT'),
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause: described(cause) }),
  }
}

/** The result, which distinguishes thrown errors from rejections. */
export async function outcome(call: () => unknown): Promise<unknown> {
  let pending: unknown
  try {
    pending = call()
  } catch (error) {
    return { thrown: described(error) }
  }
  try {
    return { value: plain(await pending) }
  } catch (error) {
    return { rejected: described(error) }
  }
}

/** As plain data; its kind, where that matters. */
export function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return `Buffer ${value.toString('latin1')}`
  if (value instanceof Uint8Array) {
    const isItsOwn = value.byteLength === value.buffer.byteLength
    return `Uint8Array ${Buffer.from(value).toString('latin1')} ${isItsOwn}`
  }
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${Buffer.from(value).toString('latin1')}`
  return value === undefined ? 'undefined' : value
}

/** All that can be seen of a body without changing it. */
export function look(body: Body): Record<string, unknown> {
  const { readable, readableAborted, readableDidRead, readableEnded, readableFlowing } = body
  const { readableLength, readableHighWaterMark, destroyed, closed, bodyUsed } = body
  return {
    readable,
    readableAborted,
    readableDidRead,
    readableEnded,
    readableFlowing,
    readableLength,
    readableHighWaterMark,
    readableEncoding: body.readableEncoding,
    errored: described(body.errored),
    destroyed,
    closed,
    bodyUsed,
    isPaused: body.isPaused(),
    listeners: ['data', 'readable', 'end', 'close', 'error'].map((name) =>
      body.listenerCount(name),
    ),
  }
}

/** Records the body's events from now on. Listens for `data` only if asked to. */
export function watch(body: Body, events: readonly string[], log: unknown[]): void {
  for (const event of events) {
    body.on(event, (...args: unknown[]) => {
      log.push([event, ...args.map((arg) => plain(described(arg)))])
    })
  }
}

/** The whole result, without the parts that change from run to run. */
export async function told({
  statusCode,
  headers,
  trailers,
  opaque,
  body,
}: Data): Promise<unknown> {
  const { date: _, connection: _too, 'keep-alive': _three, ...stable } = headers
  delete stable['transfer-encoding']
  const text = await outcome(() => body.text())
  return { statusCode, headers: stable, trailers, opaque, text }
}

/** A response, and its body when it is there. */
export async function begun(
  { request, puppet }: Played,
  options = {},
  headers = {},
): Promise<Body> {
  const pending = request(url, options)
  puppet.head(200, headers)
  return (await pending).body
}

/** The body of a response that has come as a whole. */
export async function whole(stage: Played, ...chunks: (string | Buffer)[]): Promise<Body> {
  const body = await begun(stage)
  stage.puppet.data(...chunks)
  stage.puppet.end()
  return body
}
