/** The caller's socket after a switch: its addresses, how long it lives, and what it keeps alive. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useAgent } from '../support/fixtures.ts'
import { listen } from '../support/servers/listen.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until, within } from '../support/wait.ts'

/** Echoes what an upgraded connection sends, and connects what is CONNECTed. */
async function useServer(): Promise<{ origin: string; port: number; open: Set<Duplex> }> {
  const open = new Set<Duplex>()
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => response.end(`hello ${request.url}`))
  server.on('connection', (socket: Socket) => sockets.add(socket))
  const track = (socket: Duplex): void => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  }
  server.on('upgrade', (_request, socket: Duplex) => {
    track(socket)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  server.on('connect', (request, socket: Duplex) => {
    track(socket)
    const [host, port] = (request.url as string).split(':')
    const onward = connectTcp(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => {})
  })
  const { port, close } = await listen(server, sockets)
  onTestFinished(close)
  return { origin: `http://127.0.0.1:${port}`, port, open }
}

type UpgradedSocket = Duplex & {
  localAddress: string
  localPort: number
  remoteAddress: string
  remotePort: number
  remoteFamily: string
  address(): AddressInfo
  unref(): unknown
}

async function upgrade(agent: Dispatcher, origin: string): Promise<UpgradedSocket> {
  const options = { origin, path: '/', protocol: 'echo' }
  return (await agent.upgrade(options)).socket as UpgradedSocket
}

it('knows its addresses', async () => {
  const { origin, port } = await useServer()
  const socket = await upgrade(await useAgent(), origin)
  expect(socket).toMatchObject({
    localAddress: '127.0.0.1',
    remoteAddress: '127.0.0.1',
    remoteFamily: 'IPv4',
    remotePort: port,
  })
  expect(socket.localPort).toBeGreaterThan(0)
  expect(socket.address()).toEqual({
    address: '127.0.0.1',
    family: 'IPv4',
    port: socket.localPort,
  })
  socket.destroy()
})

it("carries undici's own Client, requests and keep-alive", async () => {
  const { origin, port } = await useServer()
  const agent = await useAgent()
  let connections = 0
  const client = new Client(origin, {
    connect: (_options, callback) => {
      connections++
      const target = { origin, path: `127.0.0.1:${port}` }
      agent.connect(target).then(
        ({ socket }) => callback(null, socket as Socket),
        (error: Error) => callback(error, null),
      )
    },
  })
  for (const path of ['/one', '/two']) {
    const { body } = await client.request({ path, method: 'POST', body: 'x' })
    expect(await body.text()).toBe(`hello ${path}`)
  }
  expect(connections).toBe(1)
  await client.close()
})

it('setTimeout() emits timeout when nothing moves', async () => {
  const { origin } = await useServer()
  const socket = await upgrade(await useAgent(), origin)
  const timeout = new Promise<void>((resolve) => {
    ;(socket as unknown as Socket).setTimeout(30, resolve)
  })
  await within('the timeout', timeout)
  socket.destroy()
})

describe.runIf(agentKind === 'dodici')('with a signal', () => {
  it('ends when that is aborted', async () => {
    const { origin, open } = await useServer()
    const controller = new AbortController()
    const agent = await useAgent({ signal: controller.signal })
    const socket = await upgrade(agent, origin)
    const closed = new Promise((resolve) => {
      socket.on('close', resolve)
    })
    await until('the server has it', () => open.size === 1)
    controller.abort()
    await within('the close', closed)
    await until('the server sees it', () => open.size === 0)
  })
})

it.runIf(agentKind === 'dodici')('reaches a legacy handler by onUpgrade, headers raw', async () => {
  const { origin } = await useServer()
  const agent = await useAgent()
  const got = await new Promise<[number, Buffer[], Duplex]>((resolve, reject) => {
    const handler = {
      onConnect: (): void => {},
      onError: reject,
      onUpgrade: (...args: [number, Buffer[], Duplex]): void => resolve(args),
    }
    agent.dispatch({ origin, path: '/', method: 'GET', upgrade: 'echo' }, handler as never)
  })
  expect(got[0]).toBe(101)
  expect(got[1].map(String)).toEqual(['connection', 'upgrade', 'upgrade', 'echo'])
  got[2].destroy()
})

interface Target {
  origin: string
}

// Each worker takes half a second on a busy machine.
const slow = { timeout: 90_000 * timeFactor }

describe('a process with an upgraded socket', () => {
  it('lives until that is closed', async () => {
    const { origin } = await useServer()
    const { code, said, stderr } = await runChild(holding, { origin })
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['echo'], stderr: '' })

    async function holding(kit: ChildKit, { origin }: Target): Promise<void> {
      const agent = await kit.createAgent()
      const options = { origin, path: '/', protocol: 'echo' }
      const { socket } = await agent.upgrade(options)
      setTimeout(() => socket.write('echo'), 100).unref()
      socket.on('data', (chunk: Buffer) => {
        kit.say(chunk.toString())
        socket.destroy()
      })
    }
  })

  it('ends when that is unreferenced', async () => {
    const { origin } = await useServer()
    const { code, said, stderr } = await runChild(letting, { origin })
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['open'], stderr: '' })

    async function letting(kit: ChildKit, { origin }: Target): Promise<void> {
      const agent = await kit.createAgent()
      const options = { origin, path: '/', protocol: 'echo' }
      const socket = (await agent.upgrade(options)).socket as unknown as Socket
      socket.unref().ref().unref()
      kit.say('open')
    }
  })

  it.each(['exit', 'throw'])('can %s at any moment', async (how) => {
    const { origin } = await useServer()
    const { code } = await runChild(ending, { origin, how })
    expect(code).toBe(how === 'exit' ? 7 : 1)

    async function ending(kit: ChildKit, { origin, how }: Target & { how: string }): Promise<void> {
      const agent = await kit.createAgent()
      const options = { origin, path: '/', protocol: 'echo' }
      const { socket } = await agent.upgrade(options)
      socket.write(Buffer.alloc(1024 * 1024))
      socket.on('data', () => {
        if (how === 'exit') process.exit(7)
        throw new Error('thrown in data')
      })
    }
  })

  it.runIf(agentKind === 'dodici')('ends workers that have one, 20 times', slow, async () => {
    const { origin, open } = await useServer()
    const agents = new URL('../support/agents.ts', import.meta.url).href
    const { code, said, stderr } = await runChild(endWorkers, { origin, agents })
    expect({ code, said, stderr }).toEqual({ code: 0, said: [0], stderr: '' })
    await until('the server sees them go', () => open.size === 0)

    async function endWorkers(
      kit: ChildKit,
      { origin, agents }: Target & { agents: string },
    ): Promise<void> {
      const { Worker } = (await kit.load('node:worker_threads')) as unknown as {
        Worker: new (
          source: string,
          options: object,
        ) => NodeJS.EventEmitter & {
          terminate(): Promise<number>
        }
      }
      const source = `
        const { parentPort, workerData } = require('node:worker_threads')
        import(workerData.agents).then(async ({ createAgent }) => {
          const agent = await createAgent()
          const { socket } = await agent.upgrade({ origin: workerData.origin, path: '/', protocol: 'echo' })
          socket.on('data', () => socket.write(Buffer.alloc(100000)))
          socket.write(Buffer.alloc(100000))
          socket.once('data', () => parentPort.postMessage('open'))
        })`
      for (let i = 0; i < 20; i += 1) {
        const worker = new Worker(source, { eval: true, workerData: { origin, agents } })
        await new Promise((resolve) => {
          worker.once('message', resolve)
        })
        await worker.terminate()
      }
      await kit.until('the loop threads to end', () => kit.loopThreads() === 0)
      kit.say(kit.loopThreads())
    }
  })
})
