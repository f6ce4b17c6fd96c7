/** Item 2: streamed uploads whose source or request fails. */
import { Readable } from 'node:stream'
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol, ProtocolServer } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until, within } from '../support/wait.ts'

/** Reads everything and answers with the length; records how requests ended. */
interface Sink extends ProtocolServer {
  arrived: () => number
  aborted: () => number
}

async function useSink(protocol: Protocol): Promise<Sink> {
  let arrived = 0
  let aborted = 0
  const server = await useProtocol(protocol, (request, response) => {
    arrived += 1
    response.on('close', () => {
      if (!response.writableEnded) aborted += 1
    })
    bodyOf(request).then(
      (body) => response.end(String(body.length)),
      () => {},
    )
  })
  const counts = { arrived: () => arrived, aborted: () => aborted }
  return Object.assign(Object.create(server) as ProtocolServer, counts)
}

/** Gives one piece, and then nothing more. */
class Stalling extends Readable {
  #given = false

  override _read(): void {
    if (this.#given) return
    this.#given = true
    this.push(Buffer.alloc(1000))
  }
}

describe.each(protocols)('an upload over %s', (protocol) => {
  it('whose stream fails fails with that error, and the server sees no end', async () => {
    const { origin, arrived, aborted } = await useSink(protocol)
    const agent = await useAgent()
    const body = new Stalling()
    const recorder = dispatch(agent, { origin, method: 'POST', body })
    await until('the source was read', () => body.readableDidRead)
    await until('the server has the head', () => arrived() === 1)
    const failure = new Error('disk on fire')
    body.destroy(failure)
    await recorder.done
    expect(recorder.error).toBe(failure)
    expect(recorder.terminalCalls).toBe(1)
    await until('the server saw it', () => aborted() === 1)
    expect((await exchange(agent, { origin })).text).toBe('0')
  })

  it('whose generator throws fails with that error', async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    const failure = new Error('no more ideas')
    async function* source(): AsyncGenerator<string> {
      yield 'some'
      throw failure
    }
    const recorder = await exchange(agent, { origin, method: 'POST', body: source() as never })
    expect(recorder.error).toBe(failure)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('whose stream is destroyed without error is aborted', async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    const body = new Stalling()
    const recorder = dispatch(agent, { origin, method: 'POST', body })
    await recorder.seen('onRequestStart')
    body.destroy()
    await recorder.done
    // undici has Node's "Premature close" over HTTP/2.
    const expected = agentKind === 'dodici' ? errors.RequestAbortedError : Error
    expect(recorder.error).toBeInstanceOf(expected)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('whose stream had been destroyed before is aborted', async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    const body = new Stalling()
    body.destroy()
    const recorder = await exchange(agent, { origin, method: 'POST', body })
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('aborted destroys its stream, and the server sees it', async () => {
    const { origin, arrived, aborted } = await useSink(protocol)
    const agent = await useAgent()
    const body = new Stalling()
    body.on('error', () => {})
    const recorder = dispatch(agent, { origin, method: 'POST', body })
    await until('the source was read', () => body.readableDidRead)
    await until('the server has the head', () => arrived() === 1)
    const reason = new Error('no room')
    recorder.controller?.abort(reason)
    expect(recorder.error).toBe(reason)
    await until('the source is destroyed', () => body.destroyed)
    await until('the server saw it', () => aborted() === 1)
  })

  it("aborted runs its generator's finally", async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    let started = false
    let finished = false
    async function* source(): AsyncGenerator<Buffer> {
      started = true
      try {
        for (;;) {
          yield Buffer.alloc(1000)
          await quiet(1)
        }
      } finally {
        finished = true
      }
    }
    const recorder = dispatch(agent, { origin, method: 'POST', body: source() as never })
    await until('the generator runs', () => started)
    recorder.controller?.abort(new Error('no room'))
    // undici forgets its generator over HTTP/2.
    if (agentKind === 'undici' && protocol === 'HTTP/2') return
    await until('the generator is closed', () => finished)
    expect(recorder.terminalCalls).toBe(1)
  })

  it('answered before its end succeeds, and closes the source', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too big')
    })
    const agent = await useAgent()
    const body = new Stalling()
    body.on('error', () => {})
    const recorder = await exchange(agent, { origin, method: 'POST', body })
    expect(recorder.status).toBe(413)
    expect(recorder.text).toBe('too big')
    expect(recorder.names.at(-1)).toBe('onResponseEnd')
    expect(recorder.count('onRequestSent')).toBe(0)
    await until('the source is destroyed', () => body.destroyed)
  })

  it('starts to read its source only when it is sent', async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    const body = Readable.from([Buffer.from('abc')])
    const recorder = dispatch(agent, { origin, method: 'POST', body })
    expect(body.readableDidRead).toBe(false)
    expect((await recorder.done).text).toBe('3')
  })

  it('of many small pieces arrives whole', async () => {
    const { origin } = await useSink(protocol)
    const agent = await useAgent()
    function* source(): Generator<Buffer> {
      for (let i = 0; i < 20_000; i += 1) yield Buffer.alloc(i % 50, 1)
    }
    const recorder = await exchange(agent, { origin, method: 'POST', body: source() as never })
    expect(recorder.text).toBe(String(400 * ((49 * 50) / 2)))
  })

  it.each([1, 5])('%i at a time, each with its own bytes', async (count) => {
    const { origin } = await useProtocol(protocol, async (request, response) => {
      const body = await bodyOf(request)
      const wanted = Number(request.url?.slice(1))
      response.end(String(body.length === 300_000 && body.every((byte) => byte === wanted)))
    })
    const agent = await useAgent()
    const send = (i: number): ReturnType<typeof exchange> => {
      const body = Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(10_000, i)))
      return exchange(agent, { origin, method: 'POST', path: `/${i}`, body })
    }
    const all = await Promise.all(Array.from({ length: count }, (_value, i) => send(i)))
    expect(all.map((recorder) => recorder.text)).toEqual(Array(count).fill('true'))
  })
})

describe('an upload', () => {
  it('to a port where nobody listens leaves its source unread, and destroys it', async () => {
    const server = await useRaw(() => {})
    await server.close()
    const agent = await useAgent()
    const body = new Stalling()
    body.on('error', () => {})
    const recorder = await exchange(agent, { origin: server.origin, method: 'POST', body })
    expect(recorder.error?.code).toBe('ECONNREFUSED')
    expect(body.readableDidRead).toBe(false)
    if (agentKind === 'dodici') await until('the source is destroyed', () => body.destroyed)
  })

  it('waits in the queue without being read', async () => {
    let answer: (() => void) | undefined
    const server = await useHttp1((request, response) => {
      request.resume()
      if (request.url === '/first') answer = () => response.end()
      else request.on('end', () => response.end('second'))
    })
    const agent = await useAgent({ connections: 1 })
    const first = dispatch(agent, { origin: server.origin, path: '/first' })
    const body = Readable.from([Buffer.from('abc')])
    const second = dispatch(agent, { origin: server.origin, method: 'POST', body })
    await until('the first is there', () => answer !== undefined)
    await quiet()
    expect(body.readableDidRead).toBe(false)
    answer?.()
    await first.done
    expect((await within('the second', second.done)).text).toBe('second')
  })

  it.runIf(agentKind === 'dodici')(
    'that fails drops the connection without a last chunk',
    async () => {
      const server = await useRaw(async (peer) => {
        await peer.head()
        await peer.ended
      })
      const agent = await useAgent()
      const body = new Stalling()
      const recorder = dispatch(agent, { origin: server.origin, method: 'POST', body })
      const peer = await server.peer(0)
      await until('the first chunk is there', () => peer.log.includes('3e8\r\n'))
      body.destroy(new Error('disk on fire'))
      await recorder.done
      await peer.ended
      expect(peer.log).not.toMatch(/\r\n0\r\n\r\n/)
    },
  )
})
