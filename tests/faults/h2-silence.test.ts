/**
 * HTTP/2 connections on which nothing comes any more: a PING is sent, and the connection is given up if it is not
 * answered. See also partition.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useH2Frames } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { FrameFlag, FrameType } from '../support/servers/h2-frames.ts'
import type { H2Peer } from '../support/servers/h2-frames.ts'
import { until } from '../support/wait.ts'

function pingsOf(peer: H2Peer | undefined): number {
  return (
    peer?.frames.filter(({ type, flags }) => type === FrameType.ping && flags === 0).length ?? 0
  )
}

function answer(peer: H2Peer, stream: number, text: string): void {
  peer.respond(stream)
  peer.data(stream, text, FrameFlag.endStream)
}

/** The first connection answers one request; `then` handles the second. */
async function useSilent(then: (peer: H2Peer, stream: number) => Promise<void>) {
  const server = await useH2Frames(async (peer, index) => {
    answer(peer, await peer.request(0), 'well')
    const stream = await peer.request(1)
    if (index === 0) await then(peer, stream)
    else answer(peer, stream, 'well')
  })
  const { origin } = server
  const agent = await useAgent({ connections: 1 })
  expect((await exchange(agent, { origin })).text).toBe('well')
  const waiting = dispatch(agent, { origin, headersTimeout: 0 })
  return { server, agent, origin, waiting }
}

describe('a silent connection whose peer', () => {
  it('answers the PING is kept, even when requests on it time out', async () => {
    const { server, agent, origin, waiting } = await useSilent(async (peer, stream) => {
      // The second PING is sent when the answer to the first has counted.
      let answered = 0
      const bothAnswered = (): boolean => {
        for (; answered < pingsOf(peer); answered += 1) {
          peer.send(FrameType.ping, FrameFlag.ack, 0, Buffer.alloc(8))
        }
        return answered === 2
      }
      await until('two PING have come', bothAnswered, 30_000)
      answer(peer, stream, 'late')
    })
    for (let n = 0; pingsOf(server.peers[0]) < 2 && n < 60; n += 1) {
      const late = await exchange(agent, { origin, method: 'POST', headersTimeout: 300 })
      expect(late.error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
    }
    expect((await waiting.done).text).toBe('late')
    expect(server.peers).toHaveLength(1)
  })

  // undici sends a PING only after a timeout.
  it.runIf(agentKind === 'dodici')('does not answer is given up behind abort() too', async () => {
    const { server, agent, origin, waiting } = await useSilent(() => Promise.resolve())
    const abortedOrDone = async () => {
      const recorder = dispatch(agent, { origin, method: 'POST' })
      const timer = setTimeout(() => recorder.controller?.abort(new Error('too late')), 300)
      await recorder.done
      clearTimeout(timer)
      return recorder
    }
    let last = await abortedOrDone()
    for (let n = 0; last.error && n < 60; n += 1) last = await abortedOrDone()
    expect(last.text).toBe('well')
    expect(server.peers).toHaveLength(2)
    expect(pingsOf(server.peers[0])).toBe(1)
    expect((await waiting.done).error?.code).toBe('UND_ERR_SOCKET')
    expect(waiting.terminalCalls).toBe(1)
  })
})
