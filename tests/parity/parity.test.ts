/**
 * One table, undici's Agent and ours: the same scenario on the same servers, and what handlers and servers have seen
 * must be equal. Numbers are those of the contract's checklist.
 */
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { Stage } from './scenario.ts'
import type { Outcome, Scenario } from './scenario.ts'
import { addressScenarios } from './scenarios/addresses.ts'
import { connectionScenarios } from './scenarios/connections.ts'
import { errorScenarios } from './scenarios/errors.ts'
import { flowScenarios } from './scenarios/flow.ts'
import { lifecycleScenarios } from './scenarios/lifecycle.ts'
import { requestScenarios } from './scenarios/requests.ts'
import { responseScenarios } from './scenarios/responses.ts'
import { tlsScenarios } from './scenarios/tls.ts'
import { validationScenarios } from './scenarios/validation.ts'

const table: readonly Scenario[] = [
  ...responseScenarios,
  ...connectionScenarios,
  ...errorScenarios,
  ...flowScenarios,
  ...validationScenarios,
  ...requestScenarios,
  ...lifecycleScenarios,
  ...tlsScenarios,
  ...addressScenarios,
].toSorted((a, b) => a.no - b.no)

async function play({ play }: Scenario, kind: AgentKind): Promise<Outcome> {
  const stage = new Stage(kind)
  try {
    return await play(stage)
  } finally {
    await stage.clear()
  }
}

describe('dodici does as undici', () => {
  it.each(table)('[$no] $name', async (scenario) => {
    const expected = await play(scenario, 'undici')
    expect(expected).toBeDefined()
    expect(await play(scenario, 'dodici')).toEqual(expected)
  })
})
