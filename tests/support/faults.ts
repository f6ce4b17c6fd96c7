/**
 * One broken exchange between healthy ones. Each case has its own Agent and three requests: one that is in flight
 * during the fault and ends after it, the broken one, and one that follows.
 */
import { expect } from 'vitest'
import type { AgentKind, AgentOptions, TestAgent } from './agents.ts'
import { useAgent, useRaw } from './fixtures.ts'
import { dispatch, exchange, requestTo } from './recorder.ts'
import type { Recorder, RequestMaker } from './recorder.ts'
import type { Peer, RawScript, RawServer } from './servers/raw.ts'
import { turns } from './wait.ts'

/** Far longer than a case takes, so that no case passes by a timeout unless it says so. */
export const kTimeouts = { connectTimeout: 8000, headersTimeout: 8000, bodyTimeout: 8000 }

/** What the server does with the broken request, whose head it has read. */
export type Fault = (peer: Peer, broken: () => Recorder, head: string) => void | Promise<void>

export interface FaultOptions {
  /** What the server does with the broken request's connection before it has read anything. */
  readonly onAccept?: Fault
  readonly tls?: boolean
  readonly agent?: AgentOptions
  readonly request?: RequestMaker
  readonly kind?: AgentKind
  /** Whether the broken request is not the first one on its connection. */
  readonly warm?: boolean
}

export interface Outcome {
  readonly broken: Recorder
  readonly server: RawServer
  readonly agent: TestAgent
  /** How often the broken request arrived. */
  readonly arrivals: number
  /** Whether the request that follows came on the broken one's connection. */
  readonly reused: boolean
}

/**
 * Runs the case. Expects exactly one terminal call for each of the three requests, and that the healthy ones succeed.
 * All three go to one origin.
 */
export async function runFault(fault: Fault, options: FaultOptions = {}): Promise<Outcome> {
  const over = Promise.withResolvers<void>()
  let arrivals = 0
  let brokenOn: Peer | undefined
  let afterOn: Peer | undefined
  let broken: Recorder | undefined
  const recorder = (): Recorder => {
    if (!broken) throw new Error('the broken request has not begun')
    return broken
  }
  const script: RawScript = async (peer) => {
    if (peer.index === 1) await options.onAccept?.(peer, recorder, '')
    for (;;) {
      const head = await peer.head()
      if (head.includes(' /beside ')) {
        peer.send('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhea')
        await over.promise
        peer.send('lthy')
      } else if (head.includes(' /warm ')) {
        peer.respond('healthy')
      } else if (head.includes(' /after ')) {
        afterOn = peer
        peer.respond('healthy')
      } else {
        arrivals += 1
        brokenOn = peer
        await fault(peer, recorder, head)
      }
    }
  }
  const server = await useRaw(script, { tls: options.tls ?? false })
  const { origin } = server
  const agent = await useAgent({ ...kTimeouts, ...options.agent }, options.kind)
  const beside = dispatch(agent, { origin, path: '/beside', bodyTimeout: 0 })
  await beside.seen('onResponseData')
  // undici returns a connection to its pool some turns after its response.
  const givenBack = (): Promise<void> => turns(options.kind === 'undici' ? 3 : 0)
  if (options.warm) await exchange(agent, { origin, path: '/warm' })
  await givenBack()
  broken = dispatch(agent, { path: '/broken', ...requestTo(origin, options.request) })
  await broken.done
  await givenBack()
  // Sent while the first still runs, so that it would use a connection that the broken one has left.
  const after = await exchange(agent, { origin, path: '/after' })
  over.resolve()
  await beside.done
  await turns(3)
  for (const healthy of [beside, after]) {
    expect(healthy.error).toBeUndefined()
    expect(healthy.text).toBe('healthy')
    expect(healthy.terminalCalls).toBe(1)
  }
  expect(broken.terminalCalls).toBe(1)
  return { broken, server, agent, arrivals, reused: afterOn === brokenOn }
}

/** Starts a request to a server of its own. It is in flight until the returned function has seen it succeed. */
export async function healthyNeighbour(agent: TestAgent): Promise<() => Promise<void>> {
  const over = Promise.withResolvers<void>()
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.send('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhea')
    await over.promise
    peer.send('lthy')
  })
  const neighbour = dispatch(agent, { origin: server.origin, bodyTimeout: 0 })
  await neighbour.seen('onResponseData')
  return async () => {
    over.resolve()
    await neighbour.done
    expect(neighbour.error).toBeUndefined()
    expect(neighbour.text).toBe('healthy')
    expect(neighbour.terminalCalls).toBe(1)
  }
}

/** A text is the expected body of a successful response; an object has the expected properties of the error. */
export type Expected = string | Readonly<Record<string, unknown>>

export function expectOutcome(broken: Recorder, expected: Expected): void {
  if (typeof expected === 'string') {
    expect(broken.error).toBeUndefined()
    expect(broken.text).toBe(expected)
  } else {
    expect(broken.error).toBeInstanceOf(Error)
    expect(broken.error).toMatchObject(expected)
    expect(broken.names).not.toContain('onResponseEnd')
  }
}

export const errorsOfFaults = {
  parser: { name: 'HTTPParserError' },
  overflow: { code: 'UND_ERR_HEADERS_OVERFLOW' },
  closed: { name: 'SocketError', code: 'UND_ERR_SOCKET', message: 'other side closed' },
  reset: { code: 'ECONNRESET' },
  headersTimeout: { code: 'UND_ERR_HEADERS_TIMEOUT' },
  bodyTimeout: { code: 'UND_ERR_BODY_TIMEOUT' },
} as const
