// A batch belongs to many requests: whatever one record leads to, the others get theirs.
import { Buffer } from 'node:buffer'
import { Readable, type Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { errors } from '../../../lib/compat/undici.ts'
import type { Controller } from '../../../lib/compat/handler.ts'
import { client } from '../support/fake-native.ts'
import { Recorder } from '../support/recorder.ts'
import { transfers } from '../../support/transfers.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const
const boom = new Error('boom')

function throws(): never {
  throw boom
}

function dispatch(agent: Agent, handler = new Recorder(), opts: object = {}): Recorder {
  agent.dispatch({ ...get, ...opts }, handler)
  return handler
}

/** Exceptions outside of all calls. */
function uncaught(): Promise<unknown> {
  return new Promise((resolve) => process.once('uncaughtException', resolve))
}

/** Keeps its chunks, and does something to each. */
class Keeper extends Recorder {
  readonly chunks: Buffer[] = []
  readonly #onChunk: (chunk: Buffer) => void

  constructor(onChunk: (chunk: Buffer) => void = () => {}) {
    super()
    this.#onChunk = onChunk
  }

  override onResponseData(controller: Controller, chunk: Buffer): void {
    super.onResponseData(controller, chunk)
    this.chunks.push(chunk)
    this.#onChunk(chunk)
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

describe('a handler', () => {
  it.each(transfers)(
    'that %s a small chunk fails, and harms no other request',
    (_name, transfer) => {
      const agent = new Agent()
      const before = new Keeper()
      const own = new Keeper(transfer)
      const after = new Keeper()
      for (const handler of [before, own, after]) dispatch(agent, handler)
      client().batch((b) => b.response(1, 'first').response(2, 'second').response(3, 'third'))
      expect(own.names.slice(-2)).toEqual(['onResponseData', 'onResponseError'])
      expect((own.error as Error).message).toMatch(/transfer|not detachable/i)
      for (const [handler, text] of [
        [before, 'first'],
        [after, 'third'],
      ] as const) {
        expect(handler.names.at(-1)).toBe('onResponseEnd')
        expect(handler.text).toBe(text)
      }
    },
  )

  it.each(transfers)('that %s a chunk with memory of its own continues', (_name, transfer) => {
    const agent = new Agent()
    const own = new Keeper(transfer)
    const other = new Keeper()
    dispatch(agent, own)
    dispatch(agent, other)
    client().batch((b) => b.head(1).block(1, 'large').end(1).head(2).block(2, 'larger').end(2))
    expect(own.names.at(-1)).toBe('onResponseEnd')
    expect(own.chunks[0]).toHaveLength(0)
    expect(other.text).toBe('larger')
  })

  it('that destroys the Agent lets each of the others end once', async () => {
    const agent = new Agent()
    const others = [dispatch(agent)]
    const own = new Recorder({ onResponseStart: () => void agent.destroy() })
    dispatch(agent, own)
    others.push(dispatch(agent))
    client().batch((b) => b.response(1, 'a').response(2, 'b').response(3, 'c'))
    await agent.destroy()
    expect(own.error).toBeInstanceOf(errors.ClientDestroyedError)
    expect(others.map(({ names }) => names.at(-1))).toEqual(['onResponseEnd', 'onResponseError'])
  })
})

describe('a body', () => {
  const submitted = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  async function asked(): Promise<void> {
    await submitted()
    client().batch((b) => b.wanted(1, 0))
  }

  it('whose destroy() throws causes an uncaught exception; the requests end', async () => {
    const agent = new Agent()
    const body = new Readable({ read() {} })
    body.destroy = throws
    const own = dispatch(agent, new Recorder(), { method: 'POST', body })
    const other = dispatch(agent)
    await asked()
    const thrown = uncaught()
    client().batch((b) => b.response(1, 'early').response(2, 'mine'))
    expect(own.names.at(-1)).toBe('onResponseEnd')
    expect(other.body).toBe('mine')
    expect(other.names.at(-1)).toBe('onResponseEnd')
    expect(await thrown).toBe(boom)
  })

  it('whose destroy() throws when it has ended is still sent', async () => {
    const agent = new Agent()
    const body = new Readable({ read() {}, autoDestroy: false })
    dispatch(agent, new Recorder(), { method: 'POST', body })
    await asked()
    body.destroy = throws
    const thrown = uncaught()
    body.push('all of it')
    body.push(null)
    expect(await thrown).toBe(boom)
    expect(client().calls.at(-1)).toBe('endBody 1')
    expect(client().bodyOf(1)).toBe('all of it')
  })

  it('is destroyed with an error that needs no listener', async () => {
    const agent = new Agent()
    const body = new Readable({ read() {} })
    const closed = new Promise((resolve) => body.on('close', resolve))
    const own = dispatch(agent, new Recorder(), { method: 'POST', body })
    await asked()
    client().batch((b) => b.failed(1, 'socketClosed'))
    await closed
    expect(body.errored).toBe(own.error)
  })

  it('whose destroy() throws does not prevent the Agent’s destroy()', async () => {
    const agent = new Agent()
    const body = new Readable({ read() {} })
    body.destroy = throws
    const handlers = [
      dispatch(agent, new Recorder(), { method: 'POST', body }),
      dispatch(agent, new Recorder()),
    ]
    await asked()
    const thrown = uncaught()
    await agent.destroy()
    for (const { error } of handlers) expect(error).toBeInstanceOf(errors.ClientDestroyedError)
    expect(await thrown).toBe(boom)
  })

  it('that throws when it is read fails only its request', async () => {
    const agent = new Agent()
    const body = new Readable({ read() {} })
    const own = dispatch(agent, new Recorder(), { method: 'POST', body })
    const other = dispatch(agent)
    await submitted()
    body.resume = throws
    client().batch((b) => b.wanted(1, 0).response(2, 'mine'))
    expect(own.error).toBe(boom)
    expect(client().calls).toContain('cancel 1')
    expect(other.names.at(-1)).toBe('onResponseEnd')
  })

  it('that throws in return() leaves its request and the others to end', async () => {
    const agent = new Agent()
    const body = {
      *[Symbol.iterator](): Generator<string> {
        try {
          yield 'some'
          yield 'more'
        } finally {
          throws()
        }
      },
    }
    const own = dispatch(agent, new Recorder(), { method: 'POST', body })
    const other = dispatch(agent)
    await asked()
    client().batch((b) => b.response(1, 'early').response(2, 'mine'))
    expect(own.names.at(-1)).toBe('onResponseEnd')
    expect(other.names.at(-1)).toBe('onResponseEnd')
    await new Promise(setImmediate)
    expect(own.names.at(-1)).toBe('onResponseEnd')
  })
})

describe('an upgraded socket', () => {
  function upgrade(agent: Agent): Promise<Duplex> {
    const { promise, resolve } = Promise.withResolvers<Duplex>()
    const handler = Object.assign(new Recorder(), {
      onRequestUpgrade: (_c: Controller, _status: number, _headers: object, socket: never) =>
        resolve(socket),
    })
    agent.dispatch({ ...get, upgrade: 'echo' }, handler)
    client().batch((b) => b.head(1, { status: 101, statusText: 'Switching Protocols' }))
    return promise
  }

  it('whose write callback throws ends alone', async () => {
    const agent = new Agent()
    const socket = await upgrade(agent)
    const failed = new Promise((resolve) => socket.once('error', resolve))
    socket.write(Buffer.alloc(1024 * 1024), throws)
    const other = dispatch(agent)
    client().batch((b) => b.wanted(1, 1024 * 1024).response(2, 'mine'))
    expect(other.names.at(-1)).toBe('onResponseEnd')
    expect(await failed).toBe(boom)
  })
})

describe('a failure', () => {
  it('whose error cannot be made is still reported', () => {
    const has = errors as { SocketError: unknown }
    const { SocketError } = has
    onTestFinished(() => void (has.SocketError = SocketError))
    const agent = new Agent()
    const own = dispatch(agent)
    const other = dispatch(agent)
    has.SocketError = undefined
    client().batch((b) => b.failed(1, 'socketClosed').response(2, 'mine'))
    expect(own.error).toBeInstanceOf(TypeError)
    expect(other.names.at(-1)).toBe('onResponseEnd')
    // The id is free again.
    const next = dispatch(agent)
    client().batch((b) => b.response(client().submitted.at(-1)?.id ?? 0, 'next'))
    expect(next.body).toBe('next')
  })

  it('of a connection, whose error cannot be made, causes an uncaught exception', async () => {
    const has = errors as { InformationalError: unknown }
    const { InformationalError } = has
    onTestFinished(() => void (has.InformationalError = InformationalError))
    const agent = new Agent()
    agent.on('disconnect', () => {})
    const handler = dispatch(agent)
    has.InformationalError = undefined
    const thrown = uncaught()
    client().batch((b) => b.disconnected('http://a.test:80', 'idleTimeout').response(1, 'mine'))
    expect(handler.names.at(-1)).toBe('onResponseEnd')
    expect(await thrown).toBeInstanceOf(TypeError)
  })
})
