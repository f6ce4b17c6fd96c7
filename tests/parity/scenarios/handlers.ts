import { Readable, Writable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const nowhere = { origin: 'http://127.0.0.1:1', path: '/', method: 'GET' } as const

/** Describes what a call throws. */
async function complaint(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'nothing thrown'
  } catch (error) {
    const { name, message } = error as Error
    return `${name}: ${message}`
  }
}

const methods = ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'] as const

/** Handlers with a method that is missing or is not a function. */
const handlers: Scenario[] = [
  {
    no: 48,
    name: 'a handler without onResponseError',
    play: async (stage) => {
      const agent = await stage.agent()
      const handler = { onRequestStart: () => {} } as Dispatcher.DispatchHandler
      return [
        await complaint(() => agent.dispatch(nowhere, handler)),
        await complaint(() => agent.dispatch({ ...nowhere, path: 'x' }, handler)),
      ]
    },
  },
  ...methods.map((missing): Scenario => ({
    no: 49,
    name: `a handler without ${missing}`,
    play: async (stage) => {
      const agent = await stage.agent()
      let told = ''
      const noop = (): void => {}
      const handler: Record<string, unknown> = Object.fromEntries(methods.map((m) => [m, noop]))
      handler['onResponseError'] = (_controller: unknown, error: Error) => {
        told = `${error.name}: ${error.message}`
      }
      delete handler[missing]
      agent.dispatch(nowhere, handler)
      return { told }
    },
  })),
]

const timeouts: [string, AgentOptions, { headersTimeout?: number | null }][] = [
  ['of the request wins', { headersTimeout: 60_000 }, { headersTimeout: 100 }],
  [
    'of the agent counts when the request has null',
    { headersTimeout: 100 },
    { headersTimeout: null },
  ],
]

// Each is refused when the agent is made, or at the first request.
const badOptions: [string, AgentOptions][] = [
  ['connections', { connections: -1 }],
  ['factory', { factory: 5 as never }],
  ['maxOrigins', { maxOrigins: 0 }],
  ['keepAliveTimeout', { keepAliveTimeout: -1 }],
  ['headersTimeout', { headersTimeout: -1 }],
  ['bodyTimeout', { bodyTimeout: 'x' as never }],
  ['maxHeaderSize', { maxHeaderSize: 'x' as never }],
  ['maxResponseSize', { maxResponseSize: -2 }],
  ['maxRequestsPerClient', { maxRequestsPerClient: -1 }],
  ['maxConcurrentStreams', { maxConcurrentStreams: 0 }],
  ['localAddress', { localAddress: 'nowhere' }],
  ['allowH2', { allowH2: 'yes' as never }],
]

export const handlerScenarios: readonly Scenario[] = [
  ...handlers,
  ...timeouts.map(([name, agentOptions, options]): Scenario => ({
    no: 33,
    name: `headersTimeout ${name}`,
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.ended
      })
      const agent = await stage.agent(agentOptions)
      return seen(await exchange(agent, { origin: server.origin, ...(options as object) }))
    },
  })),
  {
    no: 10,
    name: 'rawHeaders: case, order, duplicates, bytes',
    play: async (stage) => {
      const server = await stage.answering(
        'HTTP/1.1 200 OK\r\nX-B: 1\r\nx-a: \xe9\r\nX-b: 2\r\nContent-Length: 0\r\n\r\n',
      )
      const agent = await stage.agent()
      const recorder = await exchange(agent, { origin: server.origin })
      const raw = recorder.controller?.rawHeaders as unknown as Buffer[]
      return raw.map((bytes) => [Buffer.isBuffer(bytes), bytes.toString('latin1')])
    },
  },
  {
    no: 43,
    name: 'destroy() of a paused request',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.request()
        peer.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel')
        await peer.ended
      })
      const agent = await stage.agent()
      const reason = new Error('power cut')
      const recorder = dispatch(
        agent,
        { origin: server.origin },
        { onResponseStart: (_self, controller) => controller.pause() },
      )
      await recorder.seen('onResponseStart')
      await agent.destroy(reason)
      return seen(recorder, { known: { reason } })
    },
  },
  {
    no: 61,
    name: 'abort during an upload destroys its source',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.ended
      })
      const agent = await stage.agent()
      const source = new Readable({ read: () => {} })
      source.push('some')
      const reason = new Error('enough')
      const options = { origin: server.origin, method: 'POST', body: source }
      const recorder = await exchange(agent, options, {
        onBodySent: (self) => self.controller?.abort(reason),
      })
      return { calls: seen(recorder, { known: { reason } }).calls, destroyed: source.destroyed }
    },
  },
  {
    no: 68,
    name: 'close() from inside onResponseData',
    play: async (stage) => {
      const server = await stage.answering(ok)
      const agent = await stage.agent()
      let closing: Promise<void> | undefined
      const recorder = await exchange(
        agent,
        { origin: server.origin },
        {
          onResponseData: () => {
            closing ??= agent.close()
          },
        },
      )
      await closing
      return { seen: seen(recorder), flags: [agent.closed, agent.destroyed] }
    },
  },
  {
    no: 77,
    name: 'stream() and pipeline(): happy, and an error in the factory',
    play: async (stage) => {
      const server = await stage.http1((request, response) => void request.pipe(response))
      const agent = await stage.agent()
      const options = { origin: server.origin, path: '/', method: 'PUT' } as const
      const chunks: Buffer[] = []
      const { trailers } = await agent.stream({ ...options, body: 'abc' }, ({ statusCode }) => {
        chunks.push(Buffer.from(`${statusCode} `))
        return new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            chunks.push(chunk)
            done()
          },
        })
      })
      const duplex = agent.pipeline(options, ({ body }) => body)
      duplex.end('xyz')
      const piped = (await duplex.toArray()).join('')
      const failed = await complaint(() =>
        agent.stream(options, () => {
          throw new TypeError('no writable')
        }),
      )
      return {
        trailers: { ...trailers } as never,
        text: Buffer.concat(chunks).toString(),
        piped,
        failed,
      }
    },
  },
  {
    no: 79,
    name: 'a composed agent is closed, and says so',
    play: async (stage) => {
      const server = await stage.answering(ok)
      const agent = await stage.agent()
      const composed = agent.compose((dispatch) => dispatch) as typeof agent
      const events: string[] = []
      composed.on('connect', () => events.push('connect'))
      const options = { origin: server.origin, path: '/', method: 'GET' } as const
      const { body } = await composed.request(options)
      const text = await body.text()
      await composed.close()
      const after = await complaint(() => composed.request(options))
      return { text, events, after, flags: [composed.closed, composed.destroyed, agent.destroyed] }
    },
  },
  ...badOptions.map(([name, options]): Scenario => ({
    no: 94,
    name: `a bad option: ${name}`,
    play: async (stage) => ({
      complaint: await complaint(async () => {
        const agent = await stage.agent(options)
        await agent.request(nowhere)
      }),
    }),
  })),
]
