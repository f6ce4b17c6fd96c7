/** A handler that transfers a chunk affects no other response, although many come in one batch. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { Recorder } from '../support/recorder.ts'
import { transfers } from '../support/transfers.ts'
import { turns } from '../support/wait.ts'

const requestCount = 12

// Each of undici's chunks has its own memory, or shares it with others of its connection.
describe.runIf(agentKind === 'dodici').each(protocols)('over %s, a handler', (protocol) => {
  it.each(transfers)('that %s its chunks takes nothing from others', async (_name, transfer) => {
    for (const size of [500, 12_000, 20_000]) {
      // All are answered at once.
      const waiting: [ServerResponse, string][] = []
      const server = await useProtocol(protocol, (request, response) => {
        waiting.push([response, request.url?.slice(1) ?? ''])
        if (waiting.length === requestCount) {
          for (const [each, letter] of waiting) each.end(letter.repeat(size))
        }
      })
      const agent = await useAgent()
      const recorders = Array.from({ length: requestCount }, (_value, i) => {
        const recorder = new Recorder(
          i % 3 === 1 ? { onResponseData: (_recorder, _c, chunk) => transfer(chunk) } : {},
        )
        const letter = String.fromCharCode(0x61 + i)
        agent.dispatch({ origin: server.origin, path: `/${letter}`, method: 'GET' }, recorder)
        return recorder
      })
      await Promise.all(recorders.map(({ done }) => done))
      await turns(2)
      for (const [i, recorder] of recorders.entries()) {
        expect(recorder.terminalCalls).toBe(1)
        if (i % 3 !== 1) {
          expect(recorder.error).toBeUndefined()
          expect(recorder.text).toBe(String.fromCharCode(0x61 + i).repeat(size))
        }
      }
      await agent.close()
    }
  })
})
