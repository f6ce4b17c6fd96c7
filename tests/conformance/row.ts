/**
 * A row is a requirement of an RFC: a situation that a server makes, and how a client must behave in it. Each row runs
 * on undici's Agent and on ours.
 */
import type { AgentOptions } from '../support/agents.ts'
import type { Fault } from '../support/faults.ts'
import type { H2Fault } from '../support/faults-h2.ts'
import type { Headers, RequestMaker } from '../support/recorder.ts'
import type { Frame, H2Peer } from '../support/servers/h2-frames.ts'

export interface Observed {
  /** `refused` is any error but a timeout, which is `late`. */
  readonly end: 'answered' | 'refused' | 'late' | 'switched'
  readonly status: unknown
  readonly statusText: unknown
  readonly headers: Headers | undefined
  readonly trailers: Headers | undefined
  readonly body: string
  /** Status codes of the informational responses that the handler got, in order. */
  readonly informational: readonly number[]
  /** The error's code, or its name when it has none. */
  readonly error: string | undefined
  /** Over HTTP/2, the code of the stream's or the connection's end, if there is one. */
  readonly h2Code: unknown
  /** What the row's `seen` says; true without it. */
  readonly seen: boolean
  /** How often the request arrived. */
  readonly arrivals: number
  /** The connection was used for the request that followed. */
  readonly kept: boolean
  readonly sent: Sent
}

/** The request as the server got it the last time. */
export interface Sent {
  /** The request line; over HTTP/2 method, scheme, authority and path, with blanks between them. */
  readonly line: string
  /** By names in small letters: all values, in order. Over HTTP/2 without pseudo-fields. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  /** The content without framing. */
  readonly body: string
  /** Over HTTP/1.1 head, body and all, as it was sent; over HTTP/2 `name: value` lines. */
  readonly text: string
}

/** Matched as `toMatchObject` does. */
export type Expectation = {
  readonly [Key in keyof Observed]?: Key extends 'sent' ? object : unknown
}

/** What a row says in words. */
export interface Clause {
  /** Number of the RFC and of its clause. */
  readonly clause: `${number} §${string}`
  /**
   * The RFC's own level. `strict` is for input with invalid syntax that a client may interpret (9110 §2.4), but that
   * these rows require it to refuse.
   */
  readonly level: 'must' | 'should' | 'may' | 'strict'
  readonly situation: string
  /** The requirement of the clause, in our words. */
  readonly demand: string
}

interface Demand extends Clause {
  readonly request?: RequestMaker
  /** How a client behaves that fulfils the requirement. */
  readonly expected: Expectation
  /** What undici does instead, in words and to be seen; `harm` when healthy requests suffer. */
  readonly undici?: { readonly differs: string; readonly observed: Expectation | 'harm' }
  /** What dodici does instead, and why. */
  readonly ours?: { readonly fails: string; readonly observed: Expectation }
}

export interface Http1Row extends Demand {
  /** A text is sent after the whole request; a function gets the head, and reads and sends what it needs. */
  readonly answer?: string | Fault
  readonly agent?: AgentOptions
  /** The request is not the first one on its connection. */
  readonly warm?: boolean
  readonly tls?: boolean
}

export interface Http2Row extends Demand {
  /** Given the stream of the request. */
  readonly answer?: H2Fault
  /** Whether all streams of the connection go on, or only other connections do. Default: `stream`. */
  readonly scope?: 'stream' | 'connection'
  /** What the server sends first, instead of empty SETTINGS. */
  readonly greet?: (peer: H2Peer) => void
  /** A frame that the client must send: the row waits for it. */
  readonly sends?: (frame: Frame, stream: number) => boolean
  /** The client must close the connection: the row waits for it. */
  readonly closes?: true
  /** Asked about all that the client has sent on the first connection, when its requests have ended. */
  readonly seen?: (peer: H2Peer, stream: number) => boolean
}

/** Opens undici's WebSocket over the Agent. */
export interface WebSocketRow extends Clause {
  readonly protocols?: string[]
  /** What the server answers to the handshake; `accept` is the right sec-websocket-accept. */
  readonly answer?: (accept: string) => string
  readonly expected: { readonly opens: boolean; readonly protocol?: string; readonly sent?: object }
  /** What undici's WebSocket does instead, whatever the Agent. */
  readonly both?: { readonly fails: string; readonly observed: { readonly opens: boolean } }
}

export type Row = Http1Row | Http2Row

/** A whole response with its length. */
export function response(lines = '', body = 'ok', status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`
}

/** Sends this and closes the server's side. */
export function thenClose(bytes: string): Fault {
  return (peer) => {
    peer.send(bytes)
    peer.fin()
  }
}

export const refused = { end: 'refused', kept: false, arrivals: 1 } as const

/** Nothing was sent, and the caller got an error. */
export const neverSent = { end: 'refused', arrivals: 0 } as const

export const answered = { end: 'answered', arrivals: 1 } as const
