/**
 * Runs the same scenario over undici's Agent and over ours, each with its own server and agent. Runs it again over
 * undici's fetch and over ours, after install() has replaced the global one.
 */
import * as undici from 'undici'
import { expect } from 'vitest'
import { install } from '../../lib/index.ts'
import { createAgent } from './agents.ts'
import type { AgentKind, TestAgent } from './agents.ts'
import { certificates } from './certificates.ts'
import { startClientSite } from './client-site.ts'
import type { Answer, ClientSite } from './client-site.ts'
import { installed } from './installed.ts'
import { until } from './wait.ts'
import type { Protocol } from './protocols.ts'

type Fetch = typeof globalThis.fetch

export interface Ground {
  readonly kind: AgentKind
  readonly agent: TestAgent
  readonly site: ClientSite
  readonly origin: string
  /**
   * The installed fetch. Otherwise Node's own fetch over HTTP/1.1; undici's over HTTP/2, which Node's cannot use through
   * undici's Agent.
   */
  readonly fetch: Fetch
  /** How many responses `fetch` has returned so far. */
  readonly heads: () => number
  /** The classes that belong to `fetch`. */
  readonly FormData: typeof globalThis.FormData
  readonly Headers: typeof globalThis.Headers
  readonly Request: typeof globalThis.Request
  readonly Response: typeof globalThis.Response
}

export interface Account {
  /** What the scenario returned or threw. */
  readonly seen: unknown
  readonly requests: readonly string[]
  readonly left: readonly string[]
  readonly connections: number
}

export type Scenario = (ground: Ground) => unknown

type FetchParts = Omit<Ground, 'kind' | 'agent' | 'site' | 'origin'>

const undiciParts = {
  FormData: undici.FormData,
  Headers: undici.Headers,
  Request: undici.Request,
  Response: undici.Response,
} as unknown as Pick<FetchParts, 'FormData' | 'Headers' | 'Request' | 'Response'>

function fetchOf(
  kind: AgentKind,
  agent: TestAgent,
  protocol: Protocol,
  isInstalled: boolean,
): FetchParts {
  const ofNode = protocol !== 'HTTP/2' && !isInstalled
  const send = (isInstalled || ofNode ? globalThis.fetch : undici.fetch) as Fetch
  const dispatcher = ofNode && kind === 'undici' ? new undici.Dispatcher1Wrapper(agent) : agent
  const { FormData, Headers, Request, Response } = ofNode ? globalThis : undiciParts
  let heads = 0
  return {
    fetch: async (url, init) => {
      const response = await send(url, { ...init, dispatcher } as object)
      heads += 1
      return response
    },
    heads: () => heads,
    FormData,
    Headers,
    Request,
    Response,
  }
}

/** The parts of an error that do not change from run to run, with its causes. */
export function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, code, status, cause } = error as Error & Record<string, unknown>
  return {
    name,
    message: message.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT'),
    code,
    status,
    cause: described(cause),
  }
}

/** The error with which `promise` rejects, as `described` returns it. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { unexpected: await promise }
  } catch (error) {
    return described(error)
  }
}

async function accountOf(
  kind: AgentKind,
  protocol: Protocol,
  scenario: Scenario,
  answer?: Answer,
  isInstalled = false,
): Promise<Account> {
  const site = await startClientSite(protocol, answer)
  const agent = await createAgent({ connect: { ca: certificates().ca } }, kind)
  const restore = isInstalled ? installed(kind === 'undici' ? undici.install : install) : () => {}
  try {
    const { origin } = site
    const parts = fetchOf(kind, agent, protocol, isInstalled)
    const seen = await scenario({ kind, agent, site, origin, ...parts })
    await until('no answer is under way', () => site.log.length === site.begun.length)
    const { log, left, accepted: connections } = site
    return { seen, requests: log.toSorted(), left: left.toSorted(), connections }
  } finally {
    restore()
    await agent.destroy()
    await site.close()
  }
}

/**
 * Expects that both results are the same, except that dodici may use fewer connections. Returns dodici's result with our
 * fetch() installed.
 */
export async function same(
  protocol: Protocol,
  scenario: Scenario,
  answer?: Answer,
): Promise<Account> {
  expectAlike(await compared(protocol, scenario, answer))
  const installs = await compared(protocol, scenario, answer, true)
  expectAlike(installs)
  return installs.dodici
}

function expectAlike({ undici, dodici }: Awaited<ReturnType<typeof compared>>): void {
  const { connections, ...account } = dodici
  expect({ ...account, connections: undefined }).toEqual({ ...undici, connections: undefined })
  // undici opens one more if a request comes in the turn in which the first becomes free.
  expect(connections).toBeLessThanOrEqual(undici.connections)
}

/** Runs `scenario` over both dispatchers. */
export async function compared(
  protocol: Protocol,
  scenario: Scenario,
  answer?: Answer,
  isInstalled = false,
): Promise<{ undici: Account; dodici: Account }> {
  return {
    undici: await accountOf('undici', protocol, scenario, answer, isInstalled),
    dodici: await accountOf('dodici', protocol, scenario, answer, isInstalled),
  }
}
