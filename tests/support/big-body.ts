/** A server for bodies that are too large for memory: it sends as fast as the client reads, and counts. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export const kMegabyte = 1024 * 1024
export const kGigabyte = 1024 * kMegabyte

export interface BigBody {
  /** Bytes handed to the socket so far, by all responses. */
  readonly sent: number
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
}

/** Answers `/<bytes>` with that many bytes; byte n of the body is n / 64 KB mod 251. */
export function bigBody(): BigBody {
  let sent = 0
  const pieces = Array.from({ length: 251 }, (_value, i) => Buffer.alloc(64 * 1024, i))
  return {
    get sent(): number {
      return sent
    },
    handler: (request, response) => {
      const total = Number(request.url?.slice(1))
      response.writeHead(200, { 'content-length': total })
      let at = 0
      const more = (): void => {
        while (at < total) {
          const piece = pieces[(at / (64 * 1024)) % 251] as Buffer
          const part = total - at < piece.length ? piece.subarray(0, total - at) : piece
          at += part.length
          sent += part.length
          if (!response.write(part)) return
        }
        response.end()
      }
      response.on('drain', more)
      response.on('close', () => response.off('drain', more))
      more()
    },
  }
}
