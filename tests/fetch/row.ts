/** A situation of the fetch standard, tried with undici's fetch and with ours. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'

export type Fetch = (input: unknown, init?: Record<string, unknown>) => Promise<Response>

export interface Context {
  readonly fetch: Fetch
  /** The server's origin; `other` is another one of the same server. */
  readonly base: string
  readonly other: string
  /** The requests that the server got, each with its line, headers and body. */
  readonly received: Received[]
  readonly dispatcher: Dispatcher
}

export interface Received {
  readonly method: string
  readonly url: string
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** names as they were sent */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Row {
  /** heading of the section in the fetch standard */
  readonly clause: string
  readonly situation: string
  /** How the server answers, after `received` was recorded. Default: 200 and the request's body. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
  /** What happens, as plain data; both fetches must show the same. */
  readonly show: (context: Context) => unknown
  /** The result of ours, if undici's fetch does not do what the standard requires. */
  readonly ours?: unknown
}

/** The result of a promise; an error by class, message and cause. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error: describeError(error) }
  }
}

export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return typeof error === 'object' && error !== null ? { ...error, stack: undefined } : error
  }
  const { name, message, cause } = error
  const { code } = error as { code?: unknown }
  return {
    name,
    message,
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}

/** A response without its body. */
export function head(response: Response): unknown {
  const { status, statusText, ok, redirected, type, bodyUsed } = response
  return {
    status,
    statusText,
    ok,
    redirected,
    type,
    bodyUsed,
    path: response.url.replace(/^https?:\/\/[^/]+/, ''),
    hasBody: response.body !== null,
  }
}
