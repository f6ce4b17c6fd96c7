/**
 * Many requests at once to an unknown server that allows few streams: none is lost, and no more connections than
 * undici's are opened.
 */
import { describe, expect, it, onTestFailed } from 'vitest'
import type { AgentKind, AgentOptions } from '../support/agents.ts'
import { useAgent, useTls } from '../support/fixtures.ts'
import { runLoad } from '../support/load.ts'
import type { LoadResult } from '../support/load.ts'

const kBurst = 60

interface Counted extends LoadResult {
  readonly sessions: number
  /** The most streams that the server saw open on one session. */
  readonly mostStreams: number
  readonly twice: readonly string[]
}

/** Two bursts; the second one finds the connections of the first. */
async function bursts(kind: AgentKind, limit: number, options: AgentOptions): Promise<Counted> {
  const times = new Map<string, number>()
  const open = new Map<unknown, number>()
  let mostStreams = 0
  const server = await useTls({
    protocols: 'h2',
    server: { settings: { maxConcurrentStreams: limit } },
    onStream: (stream, headers) => {
      const path = String(headers[':path'])
      const now = (open.get(stream.session) ?? 0) + 1
      open.set(stream.session, now)
      mostStreams = Math.max(mostStreams, now)
      times.set(path, (times.get(path) ?? 0) + 1)
      const { session } = stream
      stream.on('close', () => open.set(session, (open.get(session) ?? 0) - 1))
      stream.resume().on('end', () => {
        // As long as an answer takes, so that the burst meets the limit.
        setTimeout(() => {
          if (stream.destroyed) return
          stream.respond({ ':status': 200 })
          stream.end(path)
        }, 5)
      })
    },
  })
  const agent = await useAgent({ allowH2: true, ...options }, kind)
  const load = { origin: server.origin, inFlight: kBurst, deadlineMs: 10_000 }
  const cold = await runLoad(agent, { ...load, count: kBurst, path: (id) => `/cold/${id}` })
  const warm = await runLoad(agent, { ...load, count: kBurst, path: (id) => `/warm/${id}` })
  const sessions = server.accepted
  const isWell = cold.answered + warm.answered === 2 * kBurst
  await (isWell ? agent.close() : agent.destroy())
  await server.close()
  return {
    answered: cold.answered + warm.answered,
    lost: { ...warm.lost, ...cold.lost },
    wrong: [...cold.wrong, ...warm.wrong],
    ms: cold.ms + warm.ms,
    sessions,
    mostStreams,
    twice: [...times].filter(([, count]) => count > 1).map(([path]) => path),
  }
}

describe.each([1, 2, 10])('a server that allows %i streams', (limit) => {
  it.each<[string, AgentOptions]>([
    ['one connection', { connections: 1 }],
    ['three connections', { connections: 3 }],
    ['as many connections as wanted', {}],
  ])(`answers bursts of ${kBurst} requests over %s`, async (_name, options) => {
    const undici = await bursts('undici', limit, options)
    const ours = await bursts('dodici', limit, options)
    const words = JSON.stringify({ undici, ours }, null, 1)
    if (process.env['DODICI_TEST_VERBOSE'] === '1') console.log(words)
    else onTestFailed(() => console.log(words))
    expect(ours.lost).toEqual({})
    expect(ours.wrong).toEqual([])
    expect(ours.twice).toEqual([])
    expect(ours.mostStreams).toBeLessThanOrEqual(limit)
    // As many as the burst fills before the first responses come, but never one for each request.
    const most = Math.max(undici.sessions + 1, Math.ceil(kBurst / limit))
    expect(ours.sessions).toBeLessThanOrEqual(options.connections ?? most)
  })
})
