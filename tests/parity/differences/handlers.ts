/** Differences of handlers: which ones are accepted, and when they are called. */
import type { Dispatcher } from 'undici'
import { runChild } from '../../support/child.ts'
import type { ChildKit } from '../../support/child-main.ts'
import { dispatch, exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import { field, FrameFlag, FrameType } from '../../support/servers/h2-frames.ts'
import { within } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, told } from './support.ts'

const get = { path: '/', method: 'GET' } as const

async function okay(stage: Stage): Promise<string> {
  return (await stage.http1((_request, response) => void response.end('ok'))).origin
}

/** The calls of a legacy handler, or the error that refuses it. */
async function legacyHandler(stage: Stage, options: RequestOptions = {}): Promise<Normal> {
  const origin = await okay(stage)
  const agent = await stage.agent()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const handler = {
    onConnect: () => {},
    onHeaders: () => true,
    onData: (chunk: Buffer) => {
      text += String(chunk)
      return true
    },
    onComplete: () => resolve(text),
    onError: reject,
  }
  try {
    agent.dispatch({ origin, ...get, ...options }, handler as Dispatcher.DispatchHandler)
    return await within('the end', promise)
  } catch (error) {
    return told(error)
  }
}

async function callsWhileConnecting(stage: Stage): Promise<Normal> {
  const recorder = dispatch(await stage.agent(), { origin: 'http://127.0.0.1:1' })
  const before = recorder.names
  await recorder.done
  return [before, typeof recorder.call('onResponseError')?.args[0]]
}

/** The agent itself as `dispatcher`, which undici's top-level functions take out. */
async function itselfAsDispatcher(stage: Stage): Promise<Normal> {
  const origin = await okay(stage)
  const agent = await stage.agent()
  const { error, text } = await exchange(agent, { origin, dispatcher: agent })
  return error ? told(error) : text
}

/** Two requests fail together, and the first one's `onResponseError` throws: whether the second one is called. */
async function thrownFromError(stage: Stage): Promise<Normal> {
  const { said } = await runChild(program, {}, { kind: stage.kind })
  return said as Normal

  async function program(kit: ChildKit): Promise<void> {
    process.on('uncaughtException', (error) => kit.say(`uncaught: ${error.message}`))
    const agent = await kit.createAgent({ connections: 1 })
    const nowhere = { origin: 'http://127.0.0.1:1' }
    const hook = (): void => {
      throw new Error('mine')
    }
    const first = kit.dispatch(agent, nowhere, { onResponseError: hook })
    const second = kit.dispatch(agent, nowhere)
    await first.done
    await kit.until('it is told', () => second.error !== undefined, 300).catch(() => {})
    kit.say(second.error?.code ?? 'never told')
    process.exit()
  }
}

async function toldInsideDestroy(stage: Stage): Promise<Normal> {
  const { origin } = await stage.raw(() => {})
  const agent = await stage.agent({ connections: 1 })
  const recorders = [dispatch(agent, { origin }), dispatch(agent, { origin })]
  const destroyed = agent.destroy()
  const inside = recorders.filter(({ error }) => error).length
  await destroyed
  return [inside, recorders.filter(({ error }) => error).length]
}

async function startedByFirstByte(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    await peer.head()
    await peer.deliver('HTTP/1.1 200 OK\r\n')
  })
  const recorder = dispatch(await stage.agent(), { origin: server.origin })
  const peer = await server.peer(0)
  const started = await happens(() => recorder.count('onResponseStarted') > 0)
  peer.send('content-length: 0\r\n\r\n')
  await recorder.done
  return [started, recorder.count('onResponseStarted')]
}

/** Two responses come in one piece: which calls come after a promise of the first one's handler. */
async function promiseJobs(stage: Stage): Promise<Normal> {
  const server = await stage.h2Frames(async (peer) => {
    const streams = [await peer.request(0), await peer.request(1)]
    peer.socket.cork()
    for (const stream of streams) {
      const block = field(':status', '204')
      peer.send(FrameType.headers, FrameFlag.endHeaders | FrameFlag.endStream, stream, block)
    }
    peer.socket.uncork()
    await peer.ended
  })
  const agent = await stage.agent({ connections: 1 })
  const order: string[] = []
  const ask = (name: string): Promise<unknown> =>
    exchange(
      agent,
      { origin: server.origin },
      {
        onResponseEnd: () => {
          order.push(name)
          void Promise.resolve().then(() => order.push(`${name}'s job`))
        },
      },
    )
  await Promise.all([ask('first'), ask('second')])
  return order
}

const badHeaders: readonly [name: string, options: RequestOptions][] = [
  ['a name', { headers: new Map([[5, 'x']]) as never }],
  ['a value that is a symbol', { headers: { 'x-a': Symbol('x') } as never }],
]

export const handlerDifferences: readonly Difference[] = [
  {
    row: "handlers | undici 8's",
    name: "one of undici 7's kind",
    play: (stage) => legacyHandler(stage),
    undici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
    dodici: 'ok',
  },
  {
    row: '`onRequestStart` | when the',
    name: 'where nobody listens',
    play: callsWhileConnecting,
    undici: [[], 'undefined'],
    dodici: [['onRequestStart'], 'object'],
  },
  ...badHeaders.map(([name, options]): Difference => ({
    row: 'header names that are',
    name,
    play: async (stage) =>
      told((await exchange(await stage.agent(), { origin: await okay(stage), ...options })).error),
    undici: 'TypeError',
    dodici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
  })),
  {
    row: '`opts.dispatcher` that is the',
    name: 'with a modern handler',
    play: itselfAsDispatcher,
    undici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
    dodici: 'ok',
  },
  {
    row: '`opts.dispatcher` that is the',
    name: 'another, with a legacy handler',
    play: (stage) => legacyHandler(stage, { dispatcher: {} }),
    undici: 'InvalidArgumentError UND_ERR_INVALID_ARG',
    dodici: 'ok',
  },
  {
    row: '`onResponseError` that throws',
    name: 'another that fails with it',
    play: thrownFromError,
    undici: ['uncaught: mine', 'never told'],
    dodici: ['uncaught: mine', 'ECONNREFUSED'],
  },
  {
    row: '`destroy()` | tells handlers',
    name: 'those that wait',
    play: toldInsideDestroy,
    undici: [2, 2],
    dodici: [0, 2],
  },
  {
    row: '`onResponseStarted` comes with a',
    name: 'behind a status line',
    play: startedByFirstByte,
    undici: [true, 1],
    dodici: [false, 1],
  },
  {
    row: 'One batch calls many',
    name: 'over HTTP/2',
    play: promiseJobs,
    undici: ['first', "first's job", 'second', "second's job"],
    dodici: ['first', 'second', "first's job", "second's job"],
  },
]
