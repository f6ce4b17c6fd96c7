import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import { until } from '../../support/wait.ts'
import type { Scenario } from '../scenario.ts'

/** How many connections so many requests take, one after another. */
function sequence(
  no: number,
  name: string,
  requests: number,
  agentOptions: AgentOptions,
  options: RequestOptions = {},
  responseHeaders: Record<string, string> = {},
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const asked: unknown[] = []
      const server = await stage.http1((request, response) => {
        asked.push(request.headers.connection)
        for (const [key, value] of Object.entries(responseHeaders)) response.setHeader(key, value)
        response.end('ok')
      })
      const agent = await stage.agent({ connections: 1, ...agentOptions })
      for (let i = 0; i < requests; i += 1) {
        await exchange(agent, { origin: server.origin, ...options })
      }
      return { accepted: server.accepted, asked: asked as string[] }
    },
  }
}

export const connectionScenarios: readonly Scenario[] = [
  sequence(14, 'two requests, one connection', 2, {}),
  sequence(15, 'connection: close in the response', 2, {}, {}, { connection: 'close' }),
  sequence(16, 'reset: true', 2, {}, { reset: true }),
  sequence(16, 'pipelining: 0', 2, { pipelining: 0 }),
  sequence(17, 'maxRequestsPerClient: 2', 3, { maxRequestsPerClient: 2 }),
  sequence(56, 'connection: close as a header', 2, {}, { headers: { connection: 'close' } }),
  {
    no: 18,
    name: 'idle beyond keepAliveTimeout',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const agent = await stage.agent({ connections: 1, keepAliveTimeout: 100 })
      await exchange(agent, { origin: server.origin })
      await until('the connection is closed', () => server.sockets.size === 0)
      await exchange(agent, { origin: server.origin })
      return { accepted: server.accepted }
    },
  },
  {
    no: 20,
    name: '20 at a time with connections: 2',
    play: async (stage) => {
      let most = 0
      const server = await stage.http1((_request, response) => {
        most = Math.max(most, server.sockets.size)
        setTimeout(() => response.end('ok'), 3)
      })
      const agent = await stage.agent({ connections: 2 })
      let drains = 0
      agent.on('drain', () => (drains += 1))
      const all = Array.from({ length: 20 }, () => dispatch(agent, { origin: server.origin }))
      const texts = await Promise.all(all.map(async (recorder) => (await recorder.done).text))
      await until('drained', () => drains > 0)
      return { most, texts, accepted: server.accepted, drains }
    },
  },
  {
    no: 70,
    name: 'connect and disconnect events',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => {
        response.setHeader('connection', 'close')
        response.end('ok')
      })
      const agent = await stage.agent({ connections: 1 })
      const events: string[] = []
      agent.on('connect', (origin, targets) => {
        events.push(`connect ${String(origin.origin === server.origin)} ${targets[0] === agent}`)
      })
      agent.on('disconnect', (origin, targets, error) => {
        const isError = error instanceof Error
        events.push(
          `disconnect ${origin.origin === server.origin} ${targets[0] === agent} ${isError}`,
        )
      })
      await exchange(agent, { origin: server.origin })
      await until('disconnected', () => events.length === 2)
      return events
    },
  },
  {
    no: 89,
    name: 'allowH2: false, of the agent and of a request',
    play: async (stage) => {
      const server = await stage.tls({
        onRequest: (request, response) => void response.end(request.httpVersion),
      })
      const strict = await stage.agent({ allowH2: false })
      const free = await stage.agent()
      const texts: string[] = []
      const { origin } = server
      texts.push((await exchange(strict, { origin })).text)
      texts.push((await exchange(free, { origin })).text)
      texts.push((await exchange(free, { origin, allowH2: false })).text)
      return { texts, accepted: server.accepted }
    },
  },
]
