/** HTTPS with ALPN: HTTP/2 and, unless told otherwise, HTTP/1.1 on one port. */
import { createSecureServer } from 'node:http2'
import type {
  IncomingHttpHeaders,
  SecureServerOptions,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import { certificates } from '../certificates.ts'
import type { KeyPair } from '../certificates.ts'
import type { Http1Handler } from './http1.ts'
import { listen } from './listen.ts'

export interface TlsServerOptions {
  readonly pair?: KeyPair
  /** The protocols that it speaks. Default: both. */
  readonly protocols?: 'h1' | 'h2' | 'both'
  /** Answers HTTP/1.1 requests, and HTTP/2 ones if there is no `onStream`. */
  readonly onRequest?: Http1Handler
  /** Answers HTTP/2 requests. */
  readonly onStream?: (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) => void | Promise<void>
  readonly onSession?: (session: ServerHttp2Session) => void
  readonly server?: SecureServerOptions
}

export interface TlsServer {
  /** Has the name localhost, for the certificate and SNI. */
  readonly origin: string
  readonly port: number
  readonly server: Server
  /** The number of connections whose TLS handshake succeeded. */
  readonly accepted: number
  readonly sockets: ReadonlySet<Socket>
  readonly sessions: ReadonlySet<ServerHttp2Session>
  /** What each connection negotiated and asked for. */
  readonly handshakes: readonly { alpn: string | false; servername: string | false }[]
  close(): Promise<void>
}

export async function startTls(options: TlsServerOptions = {}): Promise<TlsServer> {
  const { cert, key } = options.pair ?? certificates().good
  const protocols = options.protocols ?? 'both'
  const server: Server =
    protocols === 'h1'
      ? createHttpsServer({ cert, key, keepAliveTimeout: 0 })
      : createSecureServer({ cert, key, allowHTTP1: protocols === 'both', ...options.server })

  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const handshakes: { alpn: string | false; servername: string | false }[] = []
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {})
    const { alpnProtocol, servername } = socket as TLSSocket & { servername?: string | false }
    handshakes.push({ alpn: alpnProtocol ?? false, servername: servername ?? false })
  })
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
    options.onSession?.(session)
  })
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {})
    if (options.onStream) void options.onStream(stream, headers)
  })
  const { onRequest } = options
  if (onRequest) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.on('error', () => {})
      response.on('error', () => {})
      if (options.onStream && request.httpVersionMajor === 2) return
      void onRequest(request, response)
    })
  }

  const { port, close } = await listen(server, sockets)
  return {
    origin: `https://localhost:${port}`,
    port,
    server,
    get accepted(): number {
      return handshakes.length
    },
    sockets,
    sessions,
    handshakes,
    close: async () => {
      for (const session of sessions) session.destroy()
      await close()
    },
  }
}
