/**
 * The agents under test. The contract suites run on dodici; `DODICI_TEST_AGENT=undici` runs them on undici's own Agent,
 * to prove that they expect what undici does.
 */
import { Agent as UndiciAgent } from 'undici'
import type { Agent as UndiciAgentType, Dispatcher } from 'undici'

export type AgentKind = 'undici' | 'dodici'

export type AgentOptions = UndiciAgentType.Options & {
  signal?: AbortSignal
  loopThreads?: number
  allowH3?: boolean | 'only'
}

export type TestAgent = Dispatcher & { readonly closed: boolean; readonly destroyed: boolean }

export const agentKind: AgentKind =
  process.env['DODICI_TEST_AGENT'] === 'undici' ? 'undici' : 'dodici'

const constructors = new Map<AgentKind, new (options?: AgentOptions) => TestAgent>([
  ['undici', UndiciAgent],
])

/** Loads dodici only if it is needed, so that a run on undici needs no build. */
export async function agentConstructor(
  kind: AgentKind = agentKind,
): Promise<new (options?: AgentOptions) => TestAgent> {
  let Agent = constructors.get(kind)
  if (!Agent) {
    const dodici = await import('../../lib/index.ts')
    Agent = dodici.Agent as unknown as new (options?: AgentOptions) => TestAgent
    constructors.set(kind, Agent)
  }
  return Agent
}

let spoken: AgentOptions = {}

/** From now on agents have these options unless theirs say otherwise. Returns the options until now. */
export function speaking(options: AgentOptions): AgentOptions {
  const before = spoken
  spoken = options
  return before
}

export async function createAgent(
  options?: AgentOptions,
  kind: AgentKind = agentKind,
): Promise<TestAgent> {
  const Agent = await agentConstructor(kind)
  return new Agent({ ...spoken, ...options })
}
