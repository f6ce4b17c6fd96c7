/** A plain HTTP/1.1 server on loopback whose behaviour is one handler. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { listen } from './listen.ts'

export type Http1Handler = (
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>

export interface Http1Server {
  readonly origin: string
  readonly port: number
  readonly server: Server
  /** Connections accepted so far. */
  readonly accepted: number
  /** Connections open now. */
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

export async function startHttp1(
  handler: Http1Handler,
  options: ServerOptions & { host?: string; port?: number } = {},
): Promise<Http1Server> {
  // Node's server would close idle connections after 5 s, which no test expects.
  const server = createServer({ keepAliveTimeout: 0, ...options }, (request, response) => {
    response.on('error', () => {})
    request.on('error', () => {})
    void handler(request, response)
  })
  let accepted = 0
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const { port, close } = await listen(server, sockets, options.host, options.port)
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    server,
    get accepted(): number {
      return accepted
    },
    sockets,
    close,
  }
}
