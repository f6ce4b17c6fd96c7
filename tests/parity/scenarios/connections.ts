import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import { quiet, until } from '../../support/wait.ts'
import type { Scenario } from '../scenario.ts'

/** How many connections a number of requests need, one after another. */
function sequence(
  no: number,
  name: string,
  requests: number,
  agentOptions: AgentOptions,
  options: RequestOptions = {},
  responseHeaders: Record<string, string | string[]> = {},
  status = 200,
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const asked: unknown[] = []
      const server = await stage.http1((request, response) => {
        asked.push(request.headers.connection)
        for (const [key, value] of Object.entries(responseHeaders)) response.setHeader(key, value)
        response.statusCode = status
        response.end(status === 200 ? 'ok' : '')
      })
      const agent = await stage.agent({ connections: 1, ...agentOptions })
      for (let i = 0; i < requests; i += 1) {
        await exchange(agent, { origin: server.origin, ...options })
      }
      return { accepted: server.accepted, asked: asked as string[] }
    },
  }
}

/** Whether the connection is used again after this time, if the server has sent this header. */
function hinted(
  name: string,
  hint: string | string[] | undefined,
  agentOptions: AgentOptions = {},
  pause = 0,
): Scenario {
  return {
    no: 19,
    name: `Keep-Alive: ${name}`,
    play: async (stage) => {
      const server = await stage.http1((_request, response) => {
        if (hint !== undefined) response.setHeader('keep-alive', hint)
        response.end('ok')
      })
      const agent = await stage.agent({ connections: 1, ...agentOptions })
      const texts: string[] = []
      for (let i = 0; i < 2; i += 1) {
        const options = { origin: server.origin, method: 'POST', body: 'x' }
        texts.push((await exchange(agent, options)).text)
        await quiet(pause)
      }
      return { accepted: server.accepted, texts }
    },
  }
}

const long = { keepAliveTimeout: 60_000 }
const short = { keepAliveTimeout: 60 }

export const connectionScenarios: readonly Scenario[] = [
  hinted('below the threshold', 'timeout=1', long),
  hinted('as long as the threshold', 'timeout=2', long),
  hinted('longer', 'timeout=60', short, 200),
  hinted('less a threshold', 'timeout=2', { ...long, keepAliveTimeoutThreshold: 1900 }, 250),
  hinted('a negative threshold', 'timeout=0', { ...short, keepAliveTimeoutThreshold: -900 }, 200),
  hinted('keepAliveMaxTimeout', 'timeout=60', { ...long, keepAliveMaxTimeout: 100 }, 250),
  hinted('the second parameter', 'max=5, timeout=1', long),
  hinted('two lines', ['max=5', 'timeout=1'], long),
  hinted('more than digits', 'timeout=1s', long),
  hinted('blanks', 'timeout = 1', long),
  hinted('none', undefined, short, 200),
  sequence(19, '304 with content-length', 2, {}, {}, { 'content-length': '5' }, 304),
  sequence(19, '204 with transfer-encoding', 2, {}, {}, { 'transfer-encoding': 'chunked' }, 204),
  sequence(19, '304 without', 2, {}, {}, {}, 304),
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
    no: 18,
    name: 'idle, and closed by the server: disconnect comes at once, and the next request is safe',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const agent = await stage.agent({ connections: 1, keepAliveTimeout: 60_000 })
      let gone = 0
      agent.on('disconnect', () => (gone += 1))
      const texts: string[] = []
      for (let i = 1; i <= 3; i += 1) {
        const options = { origin: server.origin, method: 'POST', body: 'x' }
        texts.push((await exchange(agent, options)).text)
        for (const socket of server.sockets) socket.destroy()
        await until('disconnect', () => gone === i, 1000)
      }
      return { accepted: server.accepted, texts, gone }
    },
  },
  {
    no: 18,
    name: 'idle, and the server sends unasked bytes',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        for (;;) {
          await peer.head()
          peer.respond(`ok ${peer.index}`)
        }
      })
      const agent = await stage.agent({ connections: 1 })
      let gone = 0
      agent.on('disconnect', () => (gone += 1))
      const texts = [(await exchange(agent, { origin: server.origin })).text]
      ;(await server.peer(0)).respond('poison')
      await until('disconnect', () => gone === 1, 1000)
      texts.push((await exchange(agent, { origin: server.origin })).text)
      return { texts, gone }
    },
  },
  {
    no: 18,
    name: 'older than clientTtl',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const agent = await stage.agent({ connections: 2, clientTtl: 100 })
      const accepted: number[] = []
      for (const pause of [0, 0, 150]) {
        await quiet(pause)
        await exchange(agent, { origin: server.origin, method: 'POST', body: 'x' })
        accepted.push(server.accepted)
      }
      return { accepted }
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
