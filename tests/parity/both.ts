import { expect } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { Stage } from './scenario.ts'
import type { Outcome } from './scenario.ts'

/** Plays a scenario with undici and then with ours, expects the same result, and returns it. */
export async function both(play: (stage: Stage) => Promise<Outcome>): Promise<Outcome> {
  const expected = await alone('undici', play)
  expect(expected).toBeDefined()
  const ours = await alone('dodici', play)
  expect(ours).toEqual(expected)
  return ours
}

/** Plays a scenario with one of them. */
export async function alone(
  kind: AgentKind,
  play: (stage: Stage) => Promise<Outcome>,
): Promise<Outcome> {
  const stage = new Stage(kind)
  try {
    return await play(stage)
  } finally {
    await stage.clear()
  }
}
