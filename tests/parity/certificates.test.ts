/** dodici refuses each certificate that undici refuses, with the same error, before any part of the request is sent. */
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { badCertificates } from '../support/bad-certificates.ts'
import { useAgent, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'

const { ca, pairs } = badCertificates()

describe('a certificate', () => {
  it.each([...pairs])('%s is refused as by undici', async (_what, pair) => {
    let requests = 0
    const server = await useTls({
      pair,
      // Otherwise the server itself would refuse to send some of them.
      server: { ciphers: 'DEFAULT@SECLEVEL=0' },
      onRequest: (_request, response) => {
        requests++
        response.end()
      },
    })
    const refusal = async (kind: AgentKind): Promise<object> => {
      const agent = await useAgent({ connect: { ca } }, kind)
      const { error, terminalCalls, status } = await exchange(agent, { origin: server.origin })
      return { status, terminalCalls, code: error?.code, message: error?.message }
    }
    const expected = await refusal('undici')
    expect(expected).toMatchObject({ terminalCalls: 1, code: expect.any(String) })
    expect(await refusal('dodici')).toEqual(expected)
    expect(requests).toBe(0)
  })
})
