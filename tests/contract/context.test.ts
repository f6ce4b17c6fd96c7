/** The AsyncLocalStorage context in which a handler is called: that of its dispatch. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { nodeMajors, nodeProgram } from '../support/node-versions.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { within } from '../support/wait.ts'

const storage = new AsyncLocalStorage<string>()

type Seen = Record<string, unknown>

/** The store that each call of the handler sees, by the names of the calls. */
function storesOf(
  agent: Dispatcher,
  options: Dispatcher.DispatchOptions,
  name: string,
): Promise<Seen> {
  const seen: Seen = {}
  const { promise, resolve } = Promise.withResolvers<Seen>()
  const note = (call: string) => (): void => {
    seen[call] = storage.getStore()
    if (call === 'onResponseEnd' || call === 'onResponseError') resolve(seen)
  }
  const calls = [
    'onRequestStart',
    'onBodySent',
    'onRequestSent',
    'onResponseStarted',
    'onResponseStart',
    'onResponseData',
    'onResponseEnd',
    'onResponseError',
  ]
  const handler = Object.fromEntries(calls.map((call) => [call, note(call)]))
  storage.run(name, () => agent.dispatch(options, handler))
  return within('the end', promise)
}

function all(name: string): Seen {
  return {
    onRequestStart: name,
    onBodySent: name,
    onRequestSent: name,
    onResponseStarted: name,
    onResponseStart: name,
    onResponseData: name,
    onResponseEnd: name,
  }
}

describe.each(protocols)(
  'over %s a handler is called in the context of its dispatch',
  (protocol) => {
    it('on a new connection', async () => {
      const { origin } = await useProtocol(protocol, (_request, response) => void response.end('x'))
      const options = { origin, path: '/', method: 'POST', body: 'y' } as const
      expect(await storesOf(await useAgent(), options, 'first')).toEqual(all('first'))
    })

    // Over HTTP/1.1 undici uses the context in which the connection was opened.
    it.runIf(agentKind === 'dodici' || protocol === 'HTTP/2')('on a kept connection', async () => {
      const { origin } = await useProtocol(protocol, (_request, response) => void response.end('x'))
      const options = { origin, path: '/', method: 'POST', body: 'y' } as const
      const agent = await useAgent()
      await storesOf(agent, options, 'first')
      expect(await storesOf(agent, options, 'second')).toEqual(all('second'))
      const names = Array.from({ length: 10 }, (_, i) => `of ${i}`)
      const many = await Promise.all(names.map((name) => storesOf(agent, options, name)))
      expect(many).toEqual(names.map(all))
    })

    it('with a streamed body', async () => {
      const { origin } = await useProtocol(protocol, (request, response) => {
        request.resume().on('end', () => response.end('x'))
      })
      const body = (async function* () {
        yield 'one'
        await new Promise((resolve) => setImmediate(resolve))
        yield 'two'
      })()
      const options = { origin, path: '/', method: 'POST', body } as never
      expect(await storesOf(await useAgent(), options, 'streaming')).toEqual(all('streaming'))
    })
  },
)

it('an error is delivered in the context of its dispatch', async () => {
  const options = { origin: 'http://127.0.0.1:1', path: '/', method: 'GET' } as const
  const seen = await storesOf(await useAgent(), options, 'failing')
  expect(seen['onResponseError']).toBe('failing')
})

it('a dispatch outside of any context has its calls outside of any', async () => {
  const { origin } = await useHttp1((_request, response) => void response.end('x'))
  const agent = await useAgent()
  const options = { origin, path: '/', method: 'POST', body: 'y' } as const
  const seen = await storage.exit(() => storesOf(agent, options, undefined as unknown as string))
  expect(new Set(Object.values(seen))).toEqual(new Set([undefined]))
})

it('the methods are looked up at each call, on the handler itself', async () => {
  const { origin } = await useHttp1((_request, response) => void response.end('x'))
  const { promise, resolve } = Promise.withResolvers<unknown[]>()
  const handler = {
    onRequestStart() {},
    onResponseStart() {
      this.onResponseEnd = function replaced() {
        resolve([this === handler, storage.getStore()])
      }
    },
    onResponseData() {},
    onResponseEnd: () => resolve([]),
    onResponseError: () => resolve([]),
  }
  const agent = await useAgent()
  storage.run('replaced', () => agent.dispatch({ origin, path: '/', method: 'GET' }, handler))
  expect(await within('the end', promise)).toEqual([true, 'replaced'])
})

it('the events of an upgraded socket come in the context of its upgrade', async () => {
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.send('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    peer.send(await peer.read(5))
    peer.fin()
  })
  const agent = await useAgent()
  const options = { origin: server.origin, path: '/', protocol: 'echo' }
  const seen: unknown[] = []
  await storage.run('upgraded', async () => {
    const socket: Duplex = (await agent.upgrade(options)).socket
    for (const event of ['data', 'end']) {
      socket.on(event, () => seen.push(event, storage.getStore()))
    }
    socket.write('hello')
    await within('the close', once(socket, 'close'))
  })
  expect(seen).toEqual(['data', 'upgraded', 'end', 'upgraded'])
})

// Each release of Node keeps something in an AsyncResource that shows whether there is a context.
it.runIf(agentKind === 'dodici').each(nodeMajors)('all that holds in Node %i', async (major) => {
  const { origin } = await useHttp1((_request, response) => void response.end('x'))
  const child = await runChild(program, { origin }, { node: nodeProgram(major) })
  expect(child).toMatchObject({ code: 0, stderr: '', said: ['a a a', 'b b b', '- - -'] })

  async function program(kit: ChildKit, { origin }: { origin: string }): Promise<void> {
    const { AsyncLocalStorage } = (await kit.load('node:async_hooks')) as unknown as {
      AsyncLocalStorage: new () => {
        run(store: string, work: () => void): void
        getStore(): string | undefined
      }
    }
    const storage = new AsyncLocalStorage()
    const agent = await kit.createAgent()
    for (const name of ['a', 'b', '-']) {
      await new Promise<void>((resolve) => {
        const seen: string[] = []
        const note = (): void => void seen.push(storage.getStore() ?? '-')
        const dispatch = (): void =>
          void agent.dispatch(
            { origin, path: '/', method: 'GET' },
            {
              onRequestStart() {},
              onResponseStart: note,
              onResponseData: note,
              onResponseEnd() {
                note()
                kit.say(seen.join(' '))
                resolve()
              },
              onResponseError() {},
            },
          )
        if (name === '-') dispatch()
        else storage.run(name, dispatch)
      })
    }
  }
})
