/** Item 7: what keeps a process alive and what does not, and that it exits cleanly at any moment. */
import type * as Undici from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { runChild, startWorker } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'
import { requestCallbacks } from '../support/recorder.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until, within } from '../support/wait.ts'

interface Target {
  origin: string
  ca: string
}

/** /slow and /slow-unread answer after 300 ms, /stall never ends, /big is 20 MB, /unread 2 MB, the rest answers at once. */
async function useTarget(protocol: Protocol): Promise<{ server: ProtocolServer; target: Target }> {
  const server = await useProtocol(protocol, (request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end('slow'), 300)
    else if (request.url === '/stall') response.write('some')
    else if (request.url === '/slow-unread')
      setTimeout(() => response.end(Buffer.alloc(2_000_000)), 300)
    else if (request.url === '/unread') response.end(Buffer.alloc(2_000_000))
    else if (request.url === '/big') response.end(Buffer.alloc(20_000_000))
    else if (request.method === 'POST') request.resume().on('end', () => response.end('ok'))
    else response.end('ok')
  })
  return { server, target: { origin: server.origin, ca: certificates().ca } }
}

describe.each(protocols)('a process over %s', (protocol) => {
  it('ends by itself with an idle agent', async () => {
    const { target } = await useTarget(protocol)
    const { code, said, stderr } = await runChild(idle, target, { deadlineMs: 20_000 * timeFactor })
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['ok'], stderr: '' })

    async function idle(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca }, keepAliveTimeout: 600_000 })
      const recorder = await kit.exchange(agent, { origin })
      kit.say(recorder.text)
    }
  })

  it('lives until its requests have ended', async () => {
    const { target } = await useTarget(protocol)
    const { code, said, stderr } = await runChild(busy, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: ['slow', 'slow'], stderr: '' })

    async function busy(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca } })
      const say = (recorder: { text: string }): void => kit.say(recorder.text)
      for (let i = 0; i < 2; i += 1) {
        kit.dispatch(agent, { origin, path: '/slow' }, { onResponseEnd: say })
      }
    }
  })

  it('lives until a head has come, and ends while the body waits for its reader', async () => {
    const { target } = await useTarget(protocol)
    const { code, said, stderr } = await runChild(unread, target, {
      deadlineMs: 20_000 * timeFactor,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect((said as string[]).sort()).toEqual([
      'fetch',
      'fetch',
      'handler',
      'head after pause()',
      'request',
    ])

    async function unread(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca }, bodyTimeout: 0, headersTimeout: 0 })
      const responses: unknown[] = []
      Object.assign(globalThis, { agent, responses })
      for (const module of ['undici', '../../lib/index.ts']) {
        const { fetch } = (await kit.load(module)) as unknown as typeof Undici
        responses.push(await fetch(`${origin}/unread`, { dispatcher: agent }))
        kit.say('fetch')
      }
      responses.push(await agent.request({ origin, path: '/unread', method: 'GET' }))
      kit.say('request')
      kit.dispatch(
        agent,
        { origin, path: '/unread' },
        {
          onResponseStart: (_self, controller) => {
            controller.pause()
            kit.say('handler')
          },
        },
      )
      kit.dispatch(
        agent,
        { origin, path: '/slow-unread' },
        {
          onRequestStart: (_self, controller) => controller.pause(),
          onResponseStart: () => kit.say('head after pause()'),
        },
      )
    }
  })

  it('lives while a body is read, however slowly', async () => {
    const { target } = await useTarget(protocol)
    const { code, said, stderr } = await runChild(slow, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: [20_000_000], stderr: '' })

    async function slow(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca } })
      const { body } = await agent.request({ origin, path: '/big', method: 'GET' })
      let bytes = 0
      for await (const chunk of body) {
        bytes += (chunk as Buffer).length
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
      kit.say(bytes)
    }
  })

  it('ends with exit code 0 after destroy() with requests in flight', async () => {
    const { target } = await useTarget(protocol)
    const { code, said, stderr } = await runChild(destroyed, target)
    expect({ code, said, stderr }).toEqual({ code: 0, said: [0], stderr: '' })

    async function destroyed(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca } })
      const paths = ['/slow', '/stall', '/big', '/']
      const all = paths.map((path) => kit.dispatch(agent, { origin, path }))
      await all[1]?.seen('onResponseData')
      await agent.destroy()
      await Promise.all(all.map((recorder) => recorder.done))
      await kit.until('no thread is left', () => kit.loopThreads() === 0)
      kit.say(kit.loopThreads())
    }
  })
})

describe('process.exit(7)', () => {
  it.each(requestCallbacks)('in %s is clean', async (moment) => {
    const { target } = await useTarget('HTTP/1.1')
    const { code, signal, stderr, said } = await runChild(exiting, { ...target, moment })
    expect({ code, signal, stderr, said }).toEqual({
      code: 7,
      signal: null,
      stderr: '',
      said: [moment],
    })

    async function exiting(
      kit: ChildKit,
      { origin, moment: name }: Target & { moment: string },
    ): Promise<void> {
      const agent = await kit.createAgent()
      for (let i = 0; i < 5; i += 1) kit.dispatch(agent, { origin, path: '/stall' })
      const exit = (): void => {
        kit.say(name)
        process.exit(7)
      }
      kit.dispatch(
        agent,
        {
          origin: name === 'onResponseError' ? 'http://127.0.0.1:1' : origin,
          method: 'POST',
          body: 'hello',
        },
        { [name]: exit },
      )
    }
  })

  it('with paused, stalled and uploading requests is clean', async () => {
    const { target } = await useTarget('HTTP/2')
    const { code, signal, stderr } = await runChild(exiting, target)
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })

    async function exiting(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca } })
      async function* endless(): AsyncGenerator<Buffer> {
        for (;;) yield Buffer.alloc(16_384)
      }
      const pause = (_self: unknown, controller: { pause(): void }): void => controller.pause()
      const paused = kit.dispatch(agent, { origin, path: '/big' }, { onResponseData: pause })
      kit.dispatch(agent, { origin, path: '/stall' })
      kit.dispatch(agent, { origin, method: 'POST', body: endless() as never })
      await paused.seen('onResponseData')
      process.exit(7)
    }
  })
})

describe('an error thrown by the program', () => {
  it('during requests ends the process as usual', async () => {
    const { target } = await useTarget('HTTP/1.1')
    const { code, signal, stderr } = await runChild(throwing, target)
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(stderr).toContain('Error: bug in the program')

    async function throwing(kit: ChildKit, { origin }: Target): Promise<void> {
      const agent = await kit.createAgent()
      const stalled = kit.dispatch(agent, { origin, path: '/stall' })
      await stalled.seen('onResponseData')
      setImmediate(() => {
        throw new Error('bug in the program')
      })
    }
  })
})

describe('a worker thread', () => {
  it('has an agent of its own and ends by itself', async () => {
    const { target } = await useTarget('HTTP/1.1')
    const { said, exited } = startWorker(work, target)
    expect(await exited).toBe(0)
    expect(said).toEqual(['ok', 'slow'])

    async function work(kit: ChildKit, { origin }: Target): Promise<void> {
      const agent = await kit.createAgent()
      kit.say((await kit.exchange(agent, { origin })).text)
      kit.say((await kit.exchange(agent, { origin, path: '/slow' })).text)
    }
  })

  it.each(['/stall', '/big', '/slow'])('terminated during %s leaves no trace', async (path) => {
    const { server, target } = await useTarget('HTTP/1.1')
    const { worker, said, exited } = startWorker(hang, { ...target, path })
    await until('its requests run', () => said.length === 1)
    await worker.terminate()
    expect(await exited).toBe(1)
    await within(
      'its connections to close',
      until('closed', () => server.sockets.size === 0),
    )

    async function hang(kit: ChildKit, data: Target & { path: string }): Promise<void> {
      const agent = await kit.createAgent()
      const pause = (_self: unknown, controller: { pause(): void }): void => controller.pause()
      const { origin, path: target } = data
      kit.dispatch(agent, { origin, path: target }, { onResponseStart: pause })
      const plain = kit.dispatch(agent, { origin, path: target })
      await plain.seen('onRequestSent')
      kit.say('running')
      await plain.done
    }
  })

  it('beside three others shares nothing with them', async () => {
    const { target } = await useTarget('HTTP/2')
    const workers = Array.from({ length: 4 }, () => startWorker(work, target))
    expect(await Promise.all(workers.map((worker) => worker.exited))).toEqual([0, 0, 0, 0])
    for (const { said } of workers) expect(said).toEqual([200])

    async function work(kit: ChildKit, { origin, ca }: Target): Promise<void> {
      const agent = await kit.createAgent({ connect: { ca } })
      let good = 0
      const one = async (): Promise<void> => {
        const recorder = await kit.exchange(agent, { origin })
        if (recorder.text === 'ok') good += 1
      }
      for (let i = 0; i < 10; i += 1) await Promise.all(Array.from({ length: 20 }, one))
      kit.say(good)
      await agent.close()
    }
  })
})

describe.runIf(agentKind === 'dodici')('loop threads', () => {
  it('start with the first agent and are joined with the last', async () => {
    const { target } = await useTarget('HTTP/1.1')
    const { code, said, stderr } = await runChild(count, target)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said).toEqual([0, 2, 2, 2, 0])

    async function count(kit: ChildKit, { origin }: Target): Promise<void> {
      const Agent = await kit.agentConstructor()
      kit.say(kit.loopThreads())
      const one = new Agent({ loopThreads: 2 })
      await kit.exchange(one, { origin })
      kit.say(kit.loopThreads())
      const two = new Agent()
      await kit.exchange(two, { origin })
      kit.say(kit.loopThreads())
      await one.close()
      kit.say(kit.loopThreads())
      await two.destroy()
      await kit.until('all are joined', () => kit.loopThreads() === 0)
      kit.say(kit.loopThreads())
    }
  })
})
