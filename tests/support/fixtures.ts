/** Servers and agents that are closed at the end of the test that made them. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createAgent } from './agents.ts'
import type { AgentKind, AgentOptions, TestAgent } from './agents.ts'
import { certificates } from './certificates.ts'
import { startH2Frames } from './servers/h2-frames.ts'
import type { H2FrameServer, H2Peer } from './servers/h2-frames.ts'
import { startHttp1 } from './servers/http1.ts'
import type { Http1Handler, Http1Server } from './servers/http1.ts'
import { startRaw } from './servers/raw.ts'
import type { RawOptions, RawScript, RawServer } from './servers/raw.ts'
import { startTls } from './servers/tls.ts'
import type { TlsServer, TlsServerOptions } from './servers/tls.ts'

/** An agent that trusts the tests' authority, unless it has a connect function. */
export async function useAgent(options: AgentOptions = {}, kind?: AgentKind): Promise<TestAgent> {
  const trusting =
    typeof options.connect === 'function'
      ? options
      : { ...options, connect: { ca: certificates().ca, ...options.connect } }
  const agent = await createAgent(trusting, kind)
  onTestFinished(() => agent.destroy())
  return agent
}

export async function useHttp1(
  handler: Http1Handler,
  options?: ServerOptions & { host?: string },
): Promise<Http1Server> {
  const server = await startHttp1(handler, options)
  onTestFinished(() => server.close())
  return server
}

export async function useTls(options?: TlsServerOptions): Promise<TlsServer> {
  const server = await startTls(options)
  onTestFinished(() => server.close())
  return server
}

export async function useRaw(
  script: RawScript | RawScript[],
  options?: RawOptions,
): Promise<RawServer> {
  const server = await startRaw(script, options)
  onTestFinished(() => server.close())
  return server
}

export async function useH2Frames(
  script: (peer: H2Peer, index: number) => Promise<void>,
  greet?: (peer: H2Peer) => void,
): Promise<H2FrameServer> {
  const server = await startH2Frames(script, greet)
  onTestFinished(() => server.close())
  return server
}

/** Makes a folder for this test. */
export function useFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
