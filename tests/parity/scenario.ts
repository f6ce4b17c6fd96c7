import { createAgent } from '../support/agents.ts'
import type { AgentKind, AgentOptions, TestAgent } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { startH2Frames } from '../support/servers/h2-frames.ts'
import type { H2FrameServer, H2Peer } from '../support/servers/h2-frames.ts'
import { startHttp1 } from '../support/servers/http1.ts'
import type { Http1Handler, Http1Server } from '../support/servers/http1.ts'
import { startRaw } from '../support/servers/raw.ts'
import type { RawOptions, RawScript, RawServer } from '../support/servers/raw.ts'
import { startTls } from '../support/servers/tls.ts'
import type { TlsServer, TlsServerOptions } from '../support/servers/tls.ts'
import type { Normal, Seen } from './normalize.ts'

/** What a scenario gives back for comparison. */
export type Outcome = Normal | Seen | readonly Seen[] | { readonly [name: string]: Normal | Seen }

export interface Scenario {
  /** Number in the contract's checklist. */
  readonly no: number
  readonly name: string
  readonly play: (stage: Stage) => Promise<Outcome>
}

/** Servers and agents of one run of one scenario; `clear()` closes them. */
export class Stage {
  readonly kind: AgentKind
  readonly #clearing: (() => Promise<unknown>)[] = []

  constructor(kind: AgentKind) {
    this.kind = kind
  }

  async agent(options: AgentOptions = {}): Promise<TestAgent> {
    const trusting =
      typeof options.connect === 'function'
        ? options
        : { ...options, connect: { ca: certificates().ca, ...options.connect } }
    const agent = await createAgent(trusting, this.kind)
    this.#clearing.push(() => agent.destroy())
    return agent
  }

  async http1(handler: Http1Handler): Promise<Http1Server> {
    const server = await startHttp1(handler)
    this.#clearing.push(() => server.close())
    return server
  }

  async tls(options: TlsServerOptions): Promise<TlsServer> {
    const server = await startTls(options)
    this.#clearing.push(() => server.close())
    return server
  }

  async raw(script: RawScript | RawScript[], options?: RawOptions): Promise<RawServer> {
    const server = await startRaw(script, options)
    this.#clearing.push(() => server.close())
    return server
  }

  async h2Frames(
    script: (peer: H2Peer, index: number) => Promise<void>,
    greet?: (peer: H2Peer) => void,
  ): Promise<H2FrameServer> {
    const server = await startH2Frames(script, greet)
    this.#clearing.push(() => server.close())
    return server
  }

  /** A raw server that answers every request with these bytes. */
  answering(bytes: string, then?: (peer: Parameters<RawScript>[0]) => void): Promise<RawServer> {
    return this.raw(async (peer) => {
      for (;;) {
        await peer.request()
        await new Promise((resolve) => {
          peer.socket.write(Buffer.from(bytes, 'latin1'), resolve)
        })
        if (then) {
          // A reset discards unread bytes.
          setTimeout(() => then(peer), 40)
          return
        }
      }
    })
  }

  async clear(): Promise<void> {
    for (const clear of this.#clearing.toReversed()) await clear()
  }
}
