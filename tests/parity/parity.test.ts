/**
 * One table, undici's Agent and ours: the same scenario on the same servers, and what handlers and servers have seen
 * must be equal. Numbers are those of the contract's checklist.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { Stage } from './scenario.ts'
import type { Outcome, Scenario } from './scenario.ts'
import { addressScenarios } from './scenarios/addresses.ts'
import { channelScenarios } from './scenarios/channels.ts'
import { elsewhere } from './checklist.ts'
import { connectFunctionScenarios } from './scenarios/connect-functions.ts'
import { connectionScenarios } from './scenarios/connections.ts'
import { disconnectScenarios } from './scenarios/disconnects.ts'
import { errorScenarios } from './scenarios/errors.ts'
import { flowScenarios } from './scenarios/flow.ts'
import { handlerScenarios } from './scenarios/handlers.ts'
import { lifecycleScenarios } from './scenarios/lifecycle.ts'
import { limitScenarios } from './scenarios/limits.ts'
import { lookupScenarios } from './scenarios/lookups.ts'
import { messageScenarios } from './scenarios/messages.ts'
import { requestScenarios } from './scenarios/requests.ts'
import { responseScenarios } from './scenarios/responses.ts'
import { tlsScenarios } from './scenarios/tls.ts'
import { upgradeScenarios } from './scenarios/upgrades.ts'
import { validationScenarios } from './scenarios/validation.ts'

const table: readonly Scenario[] = [
  ...responseScenarios,
  ...connectionScenarios,
  ...connectFunctionScenarios,
  ...errorScenarios,
  ...disconnectScenarios,
  ...flowScenarios,
  ...messageScenarios,
  ...limitScenarios,
  ...validationScenarios,
  ...requestScenarios,
  ...lifecycleScenarios,
  ...handlerScenarios,
  ...tlsScenarios,
  ...addressScenarios,
  ...lookupScenarios,
  ...upgradeScenarios,
  ...channelScenarios,
].toSorted((a, b) => a.no - b.no)

async function play({ play }: Scenario, kind: AgentKind): Promise<Outcome> {
  const stage = new Stage(kind)
  try {
    return await play(stage)
  } finally {
    await stage.clear()
  }
}

describe('dodici behaves like undici', () => {
  it.each(table)('[$no] $name', async (scenario) => {
    const expected = await play(scenario, 'undici')
    expect(expected).toBeDefined()
    expect(await play(scenario, 'dodici')).toEqual(expected)
  })
})

describe("the contract's checklist", () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i + 1)
  const inTable = new Set(table.map(({ no }) => no))
  const read = (path: string): string =>
    readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

  it('has each item in the table, or names its test', () => {
    expect(numbers.filter((no) => !inTable.has(no) && !elsewhere[no])).toEqual([])
  })

  it.each(Object.entries(elsewhere))('item %s is tested there', (_no, covered) => {
    if ('file' in covered) expect(read(`${covered.file}.test.ts`)).toContain(covered.test)
    if ('compatibility' in covered) {
      expect(read('../COMPATIBILITY.md')).toContain(covered.compatibility)
    }
  })

  it('has at least 120 rows', () => {
    expect(table.length).toBeGreaterThanOrEqual(120)
  })
})
