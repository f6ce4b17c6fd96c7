import { interceptors } from 'undici'
import { dispatch, exchange } from '../../support/recorder.ts'
import { until } from '../../support/wait.ts'
import { seen } from '../normalize.ts'
import type { Scenario, Stage } from '../scenario.ts'

type Agent = Awaited<ReturnType<Stage['agent']>>

/** A server that answers when it is told to, and a request that has arrived there. */
async function withRequest(stage: Stage): Promise<{
  agent: Agent
  origin: string
  running: ReturnType<typeof dispatch>
  open: () => void
}> {
  const waiting: (() => void)[] = []
  const server = await stage.http1((_request, response) => {
    waiting.push(() => response.end('ok'))
  })
  const agent = await stage.agent({ connections: 1 })
  const running = dispatch(agent, { origin: server.origin })
  await until('the request has arrived', () => waiting.length === 1)
  const open = (): void => {
    for (const answer of waiting) answer()
  }
  return { agent, origin: server.origin, running, open }
}

async function settled(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: Error & { code?: string }) => ({ error: error.code ?? error.message }),
  )
  return JSON.stringify(outcome)
}

export const lifecycleScenarios: readonly Scenario[] = [
  {
    no: 64,
    name: 'close() with a request running',
    play: async (stage) => {
      const { agent, running, open } = await withRequest(stage)
      const flags: boolean[] = []
      const closing = agent.close()
      flags.push(agent.closed, agent.destroyed)
      open()
      const result = await settled(closing)
      flags.push(agent.closed, agent.destroyed)
      return { result, flags, texts: [running.text] }
    },
  },
  {
    no: 65,
    name: 'close() and destroy() again, and after each other',
    play: async (stage) => {
      const one = await stage.agent()
      const two = await stage.agent()
      return [
        await settled(Promise.all([one.close(), one.close()])),
        await settled(one.close()),
        await settled(one.destroy()),
        await settled(two.destroy()),
        await settled(two.destroy(new Error('again'))),
        await settled(two.close()),
      ]
    },
  },
  {
    no: 65,
    name: 'bad callbacks',
    play: async (stage) => {
      const agent = await stage.agent()
      return [() => agent.close(5 as never), () => agent.destroy(null, 5 as never)].map((call) => {
        try {
          call()
          return 'nothing thrown'
        } catch (error) {
          return (error as Error).message
        }
      })
    },
  },
  {
    no: 66,
    name: 'destroy(error) with a request running',
    play: async (stage) => {
      const { agent, running } = await withRequest(stage)
      const reason = new Error('power cut')
      const result = await settled(agent.destroy(reason))
      return { result, running: seen(running, { known: { reason } }) }
    },
  },
  {
    no: 66,
    name: 'destroy() with a request running',
    play: async (stage) => {
      const { agent, running } = await withRequest(stage)
      const result = await settled(agent.destroy())
      return { result, running: seen(running), destroyed: agent.destroyed, closed: agent.closed }
    },
  },
  {
    no: 67,
    name: 'dispatch() after close() and after destroy()',
    play: async (stage) => {
      const { agent, origin, open } = await withRequest(stage)
      const closing = agent.close()
      const afterClose = seen(dispatch(agent, { origin }))
      open()
      await closing
      const afterDestroy = seen(dispatch(agent, { origin }))
      return [afterClose, afterDestroy]
    },
  },
  {
    no: 71,
    name: 'maxOrigins: 1',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const agent = await stage.agent({ maxOrigins: 1 })
      await exchange(agent, { origin: server.origin })
      return seen(dispatch(agent, { origin: 'http://127.0.0.1:1' }))
    },
  },
  {
    no: 76,
    name: 'request(): json, text, raw headers, info',
    play: async (stage) => {
      const server = await stage.answering(
        'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
          'HTTP/1.1 200 OK\r\ncontent-length: 7\r\nX-A: 1\r\n\r\n{"a":1}',
      )
      const agent = await stage.agent()
      const options = { origin: server.origin, path: '/', method: 'GET' } as const
      const infos: number[] = []
      const onInfo = ({ statusCode }: { statusCode: number }): void => void infos.push(statusCode)
      const json = await agent.request({ ...options, onInfo })
      const raw = await agent.request({ ...options, responseHeaders: 'raw' })
      return {
        infos,
        json: (await json.body.json()) as { a: number },
        rawHeaders: raw.headers as unknown as string[],
        text: await raw.body.text(),
      }
    },
  },
  {
    no: 78,
    name: 'compose() with retry and redirect',
    play: async (stage) => {
      const urls: string[] = []
      const server = await stage.http1((request, response) => {
        urls.push(request.url ?? '')
        if (urls.length === 1) response.writeHead(503).end()
        else if (request.url === '/a') response.writeHead(302, { location: '/b' }).end()
        else response.end('the end')
      })
      const agent = (await stage.agent()).compose(
        interceptors.redirect({ maxRedirections: 3 }),
        interceptors.retry({ minTimeout: 1, maxRetries: 2 }),
      )
      const { statusCode, body } = await agent.request({
        origin: server.origin,
        path: '/a',
        method: 'GET',
      })
      return { urls, statusCode, text: await body.text() }
    },
  },
]
