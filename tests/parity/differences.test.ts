/**
 * The differences in COMPATIBILITY.md: each row is tried on both, so that its test fails when the difference has gone.
 */
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { connectingDifferences } from './differences/connecting.ts'
import { dispatcherDifferences } from './differences/dispatchers.ts'
import type { Difference } from './differences/difference.ts'
import { handlerDifferences } from './differences/handlers.ts'
import { agentDifferences } from './differences/agents.ts'
import { uploadDifferences } from './differences/uploads.ts'
import { responseDifferences } from './differences/responses.ts'
import { http2Differences } from './differences/http2.ts'
import { proxyDifferences } from './differences/proxies.ts'
import { addressDifferences } from './differences/addresses.ts'
import { diagnosticsDifferences } from './differences/diagnostics.ts'
import { disconnectDifferences } from './differences/disconnects.ts'
import { functionDifferences } from './differences/functions.ts'
import { rowsOfPage } from './differences/page.ts'
import { tunnelDifferences } from './differences/tunnels.ts'
import { untestable } from './differences/untestable.ts'
import type { Normal } from './normalize.ts'
import { Stage } from './scenario.ts'

const table: readonly Difference[] = [
  ...connectingDifferences,
  ...dispatcherDifferences,
  ...handlerDifferences,
  ...tunnelDifferences,
  ...agentDifferences,
  ...uploadDifferences,
  ...responseDifferences,
  ...http2Differences,
  ...proxyDifferences,
  ...addressDifferences,
  ...diagnosticsDifferences,
  ...disconnectDifferences,
  ...functionDifferences,
]

async function play(difference: Difference, kind: AgentKind): Promise<Normal> {
  const stage = new Stage(kind)
  try {
    return await difference.play(stage)
  } finally {
    await stage.clear()
  }
}

describe('a difference from undici', () => {
  it.each(table)('$row: $name', async (difference) => {
    expect(difference.dodici).not.toEqual(difference.undici)
    expect(await play(difference, 'undici')).toEqual(difference.undici)
    expect(await play(difference, 'dodici')).toEqual(difference.dodici)
  })
})

describe('COMPATIBILITY.md', () => {
  const rows = rowsOfPage()
  const named = [...table, ...untestable].map(({ row }) => row)

  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(40)
  })

  it.each(rows)('%s is in a table here', (row) => {
    expect(named.filter((words) => row.includes(words))).not.toEqual([])
  })

  it.each([...new Set(named)])('says: %s', (words) => {
    expect(rows.filter((row) => row.includes(words))).toHaveLength(1)
  })
})
