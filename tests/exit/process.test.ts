/** What keeps a process alive, and how it may end. The child's exit code shows it. */
import { describe, expect, it } from 'vitest'
import type * as NativeClients from '../addon/support/native-client.ts'
import { runChild, startChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useTarget } from './support/targets.ts'
import type { Target } from './support/targets.ts'

type Native = typeof NativeClients

describe('a process ends by itself', () => {
  it('with the addon loaded and unused', async () => {
    const { target } = await useTarget()
    const { code, stderr } = await runChild(loaded, target)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })

    async function loaded(kit: ChildKit, { clientUrl }: Target): Promise<void> {
      await kit.load(clientUrl)
    }
  })

  it('with clients that were never used, and clients that are idle', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(idle, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['ok'], stderr: '' })

    async function idle(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const clients = Array.from(
        { length: 20 },
        () => new TestClient({ keepAliveTimeout: 600_000 }),
      )
      const exchange = await clients[0]?.exchange(1, { origin })
      Object.assign(globalThis, { clients })
      kit.say(exchange?.body.toString())
    }
  })

  it('when its last request has ended, not before', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(busy, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['slow', 'slow'], stderr: '' })

    async function busy(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const client = new TestClient()
      const first = client.send(1, { origin, target: '/slow' })
      client.afterBatch = () => {
        if (!first.end) return
        kit.say(first.body.toString())
        const second = client.send(2, { origin, target: '/slow' })
        client.afterBatch = () => {
          if (second.end) kit.say(second.body.toString())
        }
      }
    }
  })

  it('when a destroyed client has closed its connections, not before', async () => {
    const { target } = await useTarget()
    const { code, said, stderr } = await runChild(destroyed, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['closed', 'closed'], stderr: '' })

    async function destroyed(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const used = new TestClient()
      used.send(1, { origin, target: '/never' })
      for (const client of [used, new TestClient()]) {
        client.afterBatch = () => {
          if (client.closed) kit.say('closed')
        }
        client.native.destroy()
      }
    }
  })
})

const moments = ['/never', '/stall', '/slow', '/1000000000', '/']

describe('process.exit()', () => {
  it.each(moments)('is clean with requests for %s in flight, again and again', async (path) => {
    const { target } = await useTarget()
    for (const afterMs of [0, 5, 10, 20]) {
      const { code, signal, stderr } = await runChild(exiting, { ...target, path, afterMs })
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })
    }

    async function exiting(
      kit: ChildKit,
      data: Target & { path: string; afterMs: number },
    ): Promise<void> {
      const { TestClient } = (await kit.load(data.clientUrl)) as unknown as Native
      const client = new TestClient()
      const sending = { origin: data.origin, target: data.path }
      for (let id = 1; id <= 50; id += 1) client.send(id, sending)
      client.afterBatch = () => {
        for (const [id, { end }] of client.exchanges) if (end) client.send(id, sending)
      }
      // Not from a timer's callback, so that traffic goes on meanwhile.
      const end = performance.now() + data.afterMs
      const poll = (): void => {
        if (performance.now() > end) process.exit(7)
        setImmediate(poll)
      }
      poll()
    }
  })

  it('is clean in onBatch, with paused requests and a destroyed client besides', async () => {
    const { target } = await useTarget()
    const { code, signal, stderr } = await runChild(exiting, target)
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })

    async function exiting(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const [client, other] = [new TestClient(), new TestClient()]
      const paused = client.send(1, { origin, target: '/1000000000' })
      const destroyed = other.send(1, { origin, target: '/1000000000' })
      await kit.until('both bodies', () => paused.chunks.length + destroyed.chunks.length > 2)
      client.native.pause(1, true)
      other.native.destroy()
      client.send(2, { origin })
      client.afterBatch = () => process.exit(7)
    }
  })
})

describe('an uncaught exception', () => {
  it.each(moments)('ends the process with code 1 while %s is requested', async (path) => {
    const { target } = await useTarget()
    const { code, signal, stderr } = await runChild(throwing, { ...target, path })
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(stderr).toContain('Error: bug in the program')

    async function throwing(kit: ChildKit, data: Target & { path: string }): Promise<void> {
      const { TestClient } = (await kit.load(data.clientUrl)) as unknown as Native
      const client = new TestClient()
      for (let id = 1; id <= 10; id += 1)
        client.send(id, { origin: data.origin, target: data.path })
      setTimeout(() => {
        throw new Error('bug in the program')
      }, 10)
    }
  })
})

describe('SIGTERM', () => {
  it('ends the process in the middle of requests', async () => {
    const { target } = await useTarget()
    const child = startChild(busy, target)
    await child.next()
    child.process.kill('SIGTERM')
    expect(await child.exited).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' })

    async function busy(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const client = new TestClient()
      client.send(1, { origin, target: '/1000000000' })
      client.afterBatch = () => kit.say('busy')
    }
  })

  it('lets a handler destroy the clients; then the process ends by itself', async () => {
    const { target } = await useTarget()
    const child = startChild(busy, target)
    await child.next()
    child.process.kill('SIGTERM')
    const { code, said, stderr } = await child.exited
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['busy', 'closed'], stderr: '' })

    async function busy(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const client = new TestClient()
      for (let id = 1; id <= 5; id += 1) client.send(id, { origin, target: '/stall' })
      process.once('SIGTERM', () => client.native.destroy())
      let said = false
      client.afterBatch = () => {
        if (!said) kit.say('busy')
        said = true
        if (client.closed) kit.say('closed')
      }
    }
  })
})

describe('onBatch', () => {
  it('is not called once the process has begun to exit', async () => {
    const { target } = await useTarget()
    const { code, said } = await runChild(exiting, target)
    expect({ code, said }).toEqual({ code: 0, said: ['exit'] })

    async function exiting(kit: ChildKit, { origin, clientUrl }: Target): Promise<void> {
      const { TestClient } = (await kit.load(clientUrl)) as unknown as Native
      const client = new TestClient()
      for (let id = 1; id <= 20; id += 1) client.send(id, { origin, target: '/1000000000' })
      await kit.until('data', () => client.batches.length > 5)
      process.once('exit', () => {
        client.afterBatch = () => kit.say('late')
        kit.blockThread(50)
        kit.say('exit')
      })
      process.exit(0)
    }
  })
})
