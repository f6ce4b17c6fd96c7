/**
 * The lines of `NODE_DEBUG=dodici` and `DODICI_DEBUG=1` on stderr: one for each event of a connection or a request.
 *
 * They hold no secrets: no headers, bodies, query strings or credentials of a URL, and of an error only its code or
 * name, as the message of a program's own error may say anything.
 */
import { debuglog } from 'node:util'
import { threadId } from 'node:worker_threads'

const { DODICI_DEBUG: own = '' } = process.env

/** Whether the lines are wanted. Constant, so that a process without them pays for one test of it. */
export const isDebugging: boolean = debuglog('dodici').enabled || (own !== '' && own !== '0')

const who = threadId === 0 ? `${process.pid}` : `${process.pid}/${threadId}`

export function debugLine(text: string): void {
  process.stderr.write(`DODICI ${who}: ${text}\n`)
}

let last = 0

/** The lines of one request, numbered and timed from its dispatch. */
export class RequestLog {
  readonly #number = ++last
  readonly #start = performance.now()
  #bytes = 0

  constructor(method: string, origin: string, target: string) {
    debugLine(`request ${this.#number}: ${method} ${shownUrl(origin, target)}`)
  }

  sent(): void {
    this.#line('sent')
  }

  head(status: number, isHttp2: boolean): void {
    this.#line(`${status}, HTTP/${isHttp2 ? '2' : '1.1'}`)
  }

  data({ length }: { readonly length: number }): void {
    this.#bytes += length
  }

  end(): void {
    this.#line(`end, ${this.#bytes} bytes`)
  }

  error(error: unknown): void {
    this.#line(`error ${codeOf(error)}`)
  }

  #line(text: string): void {
    const milliseconds = (performance.now() - this.#start).toFixed(1)
    debugLine(`request ${this.#number}: ${text}, after ${milliseconds} ms`)
  }
}

/** Returns an error's code, or its name if it has none. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  const isWord = (text: unknown): text is string => typeof text === 'string' && /^\w+$/.test(text)
  return isWord(code) ? code : isWord(name) ? name : typeof error
}

// A target that is a whole URL, as proxies get it, is shown after the origin.
function shownUrl(origin: string, target: string): string {
  const [path = '', query] = target.split(/[?#]/, 2)
  const shown = path.replace(/^(\w+:\/\/)?[^/]*@/, '$1').replaceAll(/[^\u0021-\u00FF]/g, '?')
  return `${origin}${shown.startsWith('/') ? '' : ' '}${shown}${query === undefined ? '' : '?...'}`
}
