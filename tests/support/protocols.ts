/** Runs one server handler over each protocol. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { startHttp1 } from './servers/http1.ts'
import type { Http1Handler } from './servers/http1.ts'
import { startTls } from './servers/tls.ts'

export type Protocol = 'HTTP/1.1' | 'HTTPS' | 'HTTP/2'

export const protocols: readonly Protocol[] = ['HTTP/1.1', 'HTTPS', 'HTTP/2']

export interface ProtocolServer {
  readonly origin: string
  /** Connections that were established. */
  readonly accepted: number
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

/** Starts a server for `protocol` with `handler`, which may only use what both of Node's servers have. */
export function startProtocol(protocol: Protocol, handler: Http1Handler): Promise<ProtocolServer> {
  if (protocol === 'HTTP/1.1') return startHttp1(handler)
  return startTls({
    protocols: protocol === 'HTTPS' ? 'h1' : 'h2',
    onRequest: handler,
  })
}

export async function useProtocol(
  protocol: Protocol,
  handler: Http1Handler,
): Promise<ProtocolServer> {
  const server = await startProtocol(protocol, handler)
  onTestFinished(() => server.close())
  return server
}

/** The whole body of a request to one of our servers. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
