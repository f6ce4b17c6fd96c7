/** Runs one server handler over each protocol. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { speaking } from './agents.ts'
import type { AgentOptions } from './agents.ts'
import { startFront } from './servers/caddy-front.ts'
import { startHttp1 } from './servers/http1.ts'
import type { Http1Handler } from './servers/http1.ts'
import { startTls } from './servers/tls.ts'

export type Protocol = 'HTTP/1.1' | 'HTTPS' | 'HTTP/2' | 'HTTP/3'

export const protocols: readonly Protocol[] = ['HTTP/1.1', 'HTTPS', 'HTTP/2']

/** What an agent needs to speak `protocol` with its server. The others are chosen by ALPN. */
export function optionsFor(protocol: Protocol): AgentOptions {
  return protocol === 'HTTP/3' ? { allowH3: 'only' } : {}
}

export interface ProtocolServer {
  readonly origin: string
  /** Connections that were established. */
  readonly accepted: number
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

/**
 * Starts a server for `protocol` with `handler`, which may only use what both of Node's servers have. Over HTTP/3 it is
 * Caddy in front of the handler: servers/caddy-front.ts says what it changes.
 */
export function startProtocol(protocol: Protocol, handler: Http1Handler): Promise<ProtocolServer> {
  if (protocol === 'HTTP/3') return startFront(handler)
  if (protocol === 'HTTP/1.1') return startHttp1(handler)
  return startTls({
    protocols: protocol === 'HTTPS' ? 'h1' : 'h2',
    onRequest: handler,
  })
}

/** Starts a server for this test; agents that the test makes later speak its protocol. */
export async function useProtocol(
  protocol: Protocol,
  handler: Http1Handler,
): Promise<ProtocolServer> {
  const server = await startProtocol(protocol, handler)
  const before = speaking(optionsFor(protocol))
  onTestFinished(async () => {
    speaking(before)
    await server.close()
  })
  return server
}

/** The whole body of a request to one of our servers. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
